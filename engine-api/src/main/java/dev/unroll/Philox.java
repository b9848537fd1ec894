// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.Objects;

/**
 * The random numbers of the whole project: Philox-4x32 with 10 rounds, a counter-based generator
 * (J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * <p>A number is a pure function of {@code (seed, stream, step, index)}, so it does not depend on
 * the backend, on the number of threads or on what was drawn before. Key = (seed low, seed high),
 * counter = (index &gt;&gt;&gt; 2, stream, step low, step high), word = index &amp; 3.
 *
 * <p>The streams, one for each use, so that no two uses ever see the same numbers:
 *
 * <table>
 * <caption>Streams: the kind in the low 8 bits, the instance (a layer) above them</caption>
 * <tr><th>kind</th><th>use</th><th>step</th><th>index</th></tr>
 * <tr><td>{@link #INIT}</td><td>initial parameters, instance = number of the parameter</td>
 * <td>0</td><td>element, row-major</td></tr>
 * <tr><td>{@link #DROPOUT}</td><td>dropout masks, instance = number of the layer</td>
 * <td>training step</td><td>(t*B + caller's row)*F + feature</td></tr>
 * <tr><td>{@link #SAMPLING}</td><td>choice of the next token</td>
 * <td>position in the text</td><td>0</td></tr>
 * <tr><td>{@link #DATA}</td><td>generated data and the order of examples</td>
 * <td>epoch</td><td>element or example</td></tr>
 * </table>
 */
public final class Philox {
  /** Kind of stream: initial parameters. */
  public static final int INIT = 0;

  /** Kind of stream: dropout masks. */
  public static final int DROPOUT = 1;

  /** Kind of stream: choice of the next token. */
  public static final int SAMPLING = 2;

  /** Kind of stream: generated data, order of examples. */
  public static final int DATA = 3;

  /** Number of instances that {@link #stream} can tell apart. */
  public static final int MAX_INSTANCES = 1 << 24;

  // Multipliers and Weyl increments of the paper's table 2 and section 3.3.
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final int ROUNDS = 10;
  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * The stream of one instance (layer, parameter) of a kind.
   *
   * @param kind one of the constants of this class, 0 to 255
   * @param instance number of the layer or parameter, 0 to {@link #MAX_INSTANCES} - 1
   * @return {@code kind + 256 * instance}
   * @throws IllegalArgumentException if either is out of range
   */
  public static int stream(int kind, int instance) {
    if (kind < 0 || kind > 255) {
      throw new IllegalArgumentException(
          "random stream: kind is " + kind + ", must be 0 to 255; use a constant of Philox");
    }
    if (instance < 0 || instance >= MAX_INSTANCES) {
      throw new IllegalArgumentException(
          "random stream: instance is " + instance + ", must be 0 to " + (MAX_INSTANCES - 1));
    }
    return kind | (instance << 8);
  }

  /**
   * One random word.
   *
   * @param seed seed of the run
   * @param stream which stream, from {@link #stream}
   * @param step step of the run, 0 where there is none
   * @param index number of the word, read as unsigned
   * @return 32 random bits
   */
  public static int bits(long seed, int stream, long step, int index) {
    int[] words = new int[4];
    block(seed, stream, step, index >>> 2, words, 0);
    return words[index & 3];
  }

  /**
   * Random words {@code first, first + 1, ...}: {@code out[from + i] = bits(.., first + i)}.
   *
   * @param seed seed of the run
   * @param stream which stream, from {@link #stream}
   * @param step step of the run, 0 where there is none
   * @param first number of the first word
   * @param out receives {@code count} words from {@code from} on; nothing else in it is touched
   * @param from where in the array to start
   * @param count how many words
   * @throws IndexOutOfBoundsException if the range does not lie in {@code out}
   */
  public static void bits(
      long seed, int stream, long step, int first, int[] out, int from, int count) {
    Objects.checkFromIndexSize(from, count, out.length);
    int done = 0;
    while (done < count) {
      int index = first + done;
      if ((index & 3) == 0 && count - done >= 4) {
        block(seed, stream, step, index >>> 2, out, from + done);
        done += 4;
      } else {
        out[from + done] = bits(seed, stream, step, index);
        done++;
      }
    }
  }

  /**
   * The uniform number that a random word stands for.
   *
   * @param bits a random word
   * @return {@code (bits >>> 8) * 2^-24}, in [0, 1), exact
   */
  public static float uniform(int bits) {
    return (bits >>> 8) * 0x1p-24f;
  }

  /**
   * A uniform number in [0, 1).
   *
   * @param seed seed of the run
   * @param stream which stream, from {@link #stream}
   * @param step step of the run, 0 where there is none
   * @param index number of the word, read as unsigned
   * @return the number
   */
  public static float uniform(long seed, int stream, long step, int index) {
    return uniform(bits(seed, stream, step, index));
  }

  /**
   * A normal number with mean 0 and deviation 1, in double (G. Box, M. Muller, 1958). Elements 2j
   * and 2j+1 are the cosine and the sine of one pair, made from words 2j (the radius, from 1 - u,
   * which is never 0) and 2j+1 (the angle).
   *
   * @param seed seed of the run
   * @param stream which stream, from {@link #stream}
   * @param step step of the run, 0 where there is none
   * @param index number of the element, read as unsigned
   * @return the number
   */
  public static double normal(long seed, int stream, long step, int index) {
    double u = 1.0 - uniform(seed, stream, step, index & ~1);
    double angle = 2.0 * StrictMath.PI * uniform(seed, stream, step, index | 1);
    double radius = StrictMath.sqrt(-2.0 * StrictMath.log(u));
    return radius * ((index & 1) == 0 ? StrictMath.cos(angle) : StrictMath.sin(angle));
  }

  /**
   * Fills an array: {@code out[i] = (float) (low + (high - low) * u_i)}, computed in double and
   * rounded once (so {@code (float) high} itself can occur).
   *
   * @param seed seed of the run
   * @param stream which stream, from {@link #stream}
   * @param step step of the run, 0 where there is none
   * @param low lower end
   * @param high upper end
   * @param out filled from element 0 on
   */
  public static void fillUniform(
      long seed, int stream, long step, double low, double high, float[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (low + (high - low) * uniform(seed, stream, step, i));
    }
  }

  /**
   * Fills an array: {@code out[i] = (float) (mean + deviation * n_i)}, computed in double and
   * rounded once.
   *
   * @param seed seed of the run
   * @param stream which stream, from {@link #stream}
   * @param step step of the run, 0 where there is none
   * @param mean mean
   * @param deviation standard deviation
   * @param out filled from element 0 on
   */
  public static void fillNormal(
      long seed, int stream, long step, double mean, double deviation, float[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (mean + deviation * normal(seed, stream, step, i));
    }
  }

  /** Encrypts the counter (block, stream, step) with the key seed: four words from out[at] on. */
  static void block(long seed, int stream, long step, int block, int[] out, int at) {
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    int c0 = block;
    int c1 = stream;
    int c2 = (int) step;
    int c3 = (int) (step >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = MULTIPLIER_0 * (c0 & LOW);
      long p1 = MULTIPLIER_1 * (c2 & LOW);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c1 = (int) p1;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c3 = (int) p0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    out[at] = c0;
    out[at + 1] = c1;
    out[at + 2] = c2;
    out[at + 3] = c3;
  }
}
