// SPDX-License-Identifier: Apache-2.0

// Dropout by counter-based random numbers: Philox-4x32 with 10 rounds, as the Java class Philox
// (J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//
// One work-item takes one element after the other, in any grid, as in elementwise.cl. The random
// number of an element depends on its row's number and its column only.

// Word (index & 3) of the block with counter (index >>> 2, stream, step) and the key of the seed.
DEVICE_FN unsigned int philox(
    unsigned int index, unsigned int stream, unsigned int step_low, unsigned int step_high,
    unsigned int seed_low, unsigned int seed_high) {
  unsigned int c0 = index >> 2;
  unsigned int c1 = stream;
  unsigned int c2 = step_low;
  unsigned int c3 = step_high;
  for (int round = 0; round < 10; round++) {
    unsigned int high0 = MULTIPLY_HIGH(0xD2511F53u, c0);
    unsigned int low0 = 0xD2511F53u * c0;
    unsigned int high1 = MULTIPLY_HIGH(0xCD9E8D57u, c2);
    unsigned int low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ seed_low;
    c1 = low1;
    c2 = high0 ^ c3 ^ seed_high;
    c3 = low0;
    seed_low += 0x9E3779B9u;
    seed_high += 0xBB67AE85u;
  }
  unsigned int word = index & 3u;
  return word == 0u ? c0 : word == 1u ? c1 : word == 2u ? c2 : c3;
}

// y = x * scale where the element's random number is at least p, else +0.
KERNEL ELEMENTWISE void dropout(float p, float scale,
    GLOBAL const int* key, int key0, // [4]: seed low, seed high, step low, step high
    int stream,
    GLOBAL const int* ids, int ids0, // [rows]: the rows' numbers; not read without has_ids
    int has_ids,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    int rows, int cols) {
  unsigned int seed_low = (unsigned int) key[key0];
  unsigned int seed_high = (unsigned int) key[key0 + 1];
  unsigned int step_low = (unsigned int) key[key0 + 2];
  unsigned int step_high = (unsigned int) key[key0 + 3];
  EACH_OF(ALL2(IN(x), OUT(y)),
    unsigned int id = (unsigned int) (has_ids ? ids[ids0 + r] : r);
    unsigned int bits = philox(id * (unsigned int) cols + (unsigned int) c, (unsigned int) stream,
        step_low, step_high, seed_low, seed_high);
    float uniform = (float) (int) (bits >> 8) * 0x1p-24f;
    AT(y, r, c) = uniform >= p ? AT(x, r, c) * scale : 0.0f;)
}
