// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The orders of sums: each test has another result in any other order. */
class ScalarSumsTest extends ScalarFixture {
  /** Zeros but for 1 at the given places and 2^24 at the first. */
  private static float[] ones(int length, int... places) {
    float[] values = new float[length];
    values[0] = BIG;
    for (int place : places) {
      values[place] = 1f;
    }
    return values;
  }

  @Test
  void lanesAreFoldedByHalves() {
    Tensor out = poisoned(1, 1);
    ops.sumColumns(row(ones(4, 1, 3)), out); // lane 1 takes lane 3 before lane 0 takes lane 1
    assertBits(out, BIG + 2f);
    ops.sumColumns(row(ones(33, 16, 32)), out); // lane 0 has both ends before the fold
    assertBits(out, BIG);
    ops.sumColumns(row(ones(49, 16, 48)), out); // lane 16 is not lane 0
    assertBits(out, BIG + 2f);
    ops.sumColumns(row(ones(34, 1, 33)), out); // lane 1 has its two terms before the fold
    assertBits(out, BIG + 2f);
  }

  @Test
  void segmentsAreSummedApart() {
    Tensor out = poisoned(1, 1);
    ops.sumColumns(row(ones(1026, 1, 1025)), out);
    assertBits(out, BIG);
    ops.sumColumns(row(ones(1026, 1024, 1025)), out);
    assertBits(out, BIG + 2f);
  }

  @Test
  void sumsOfColumnsOfStridedRows() {
    Tensor out = strided(2, 1, NAN, NAN);
    ops.sumColumns(strided(2, 3, -0f, -0f, -0f, 1f, NAN, 2f), out);
    assertBits(out, 0f, NAN);
    ops.sumColumns(arena.tensor(2, 0), out);
    assertBits(out, 0f, 0f);
  }

  @Test
  void maxima() {
    Tensor out = poisoned(5, 1);
    float[] x = {-0f, 0f, -1f, 0f, -0f, -1f, 3f, NAN, 4f, -INF, -INF, -INF, -0f, -3f, -0f};
    ops.maxColumns(strided(5, 3, x), out);
    assertBits(out, 0f, 0f, NAN, -INF, -0f);
    ops.maxColumns(arena.tensor(5, 0), out);
    assertBits(out, -INF, -INF, -INF, -INF, -INF);
  }

  @Test
  void sumRowsWorksInChunks() {
    Tensor out = poisoned(1, 1);
    ops.sumRows(tensor(258, 1, ones(258, 256, 257)), 0f, out);
    assertBits(out, BIG + 2f);
    ops.sumRows(tensor(258, 1, ones(258, 254, 255)), 0f, out);
    assertBits(out, BIG);
  }

  @Test
  void sumRowsMeetsBeta() {
    Tensor out = strided(1, 2, 1f, BIG);
    ops.sumRows(strided(3, 2, 1f, 1f, 2f, 1f, 3f, 0f), 0.5f, out);
    assertBits(out, 6.5f, BIG / 2f + 2f);
    ops.sumRows(arena.tensor(0, 2), 2f, out);
    assertBits(out, 13f, BIG + 4f);
    ops.fill(NAN, out);
    ops.sumRows(arena.tensor(0, 2), 0f, out);
    assertBits(out, 0f, 0f);
  }

  @Test
  void wholeTensorsAreSummedInLogicalOrder() {
    Tensor out = poisoned(1, 1);
    // Row-major 1 and 3 share a lane pair; stored column by column they would stand at 2 and 3.
    ops.sum(strided(2, 2, BIG, 1f, 0f, 1f), 1f, out);
    assertBits(out, BIG + 2f);
    ops.sum(row(1f, 2f), 4f, out);
    assertBits(out, 0.75f);
    ops.sum(arena.tensor(0, 4), 0f, out);
    assertBits(out, NAN);
  }

  @Test
  void normNeitherOverflowsNorLosesNaN() {
    Tensor out = poisoned(1, 1);
    ops.norm(List.of(strided(1, 2, 1f, -2f), row(2f), arena.tensor(0, 3)), out);
    assertBits(out, 3f);
    ops.norm(List.of(row(0x3p100f), row(-0x4p100f)), out);
    assertBits(out, 0x5p100f);
    ops.norm(List.of(row(1f, NAN), row(0x1p100f)), out);
    assertBits(out, NAN);
    ops.norm(List.of(row(1f, -INF)), out);
    assertBits(out, INF);
    ops.norm(List.of(), out);
    assertBits(out, 0f);
  }

  @Test
  void clipCoefficients() {
    assertClip(4f, 1f, 1f / (4f + 1e-6f));
    assertClip(0.5f, 1f, 1f);
    assertClip(NAN, 1f, NAN);
    assertClip(INF, 1f, 0f);
  }

  private void assertClip(float norm, float bound, float expected) {
    Tensor out = poisoned(1, 1);
    ops.clipCoefficient(row(norm), bound, out);
    assertBits(out, expected);
  }

  @Test
  void productsWorkInChunksOfK() {
    float[] all = new float[258];
    Arrays.fill(all, 1f);
    Tensor out = poisoned(1, 1);
    ops.matmul(row(ones(258, 256, 257)), tensor(258, 1, all), 0f, out);
    assertBits(out, BIG + 2f);
    ops.matmul(row(ones(258, 254, 255)), tensor(258, 1, all), 0f, out);
    assertBits(out, BIG);
  }

  @Test
  void productsUseFma() {
    float x = 1f + 0x1p-12f;
    Tensor out = poisoned(1, 1);
    ops.matmul(row(1f, x), tensor(2, 1, -1f - 0x1p-11f, x), 0f, out);
    assertBits(out, 0x1p-24f);
  }

  @Test
  void productsLeaveNoNegativeZero() {
    Tensor out = row(-0f);
    ops.matmul(row(-0x1p-100f), row(0x1p-100f), 0f, out);
    assertBits(out, 0f);
    ops.matmul(row(-0x1p-100f), row(0x1p-100f), 1f, row(-0f));
    assertBits(out, 0f);
  }

  @Test
  void productsOfViews() {
    Tensor a = strided(2, 3, 1f, 2f, 3f, 4f, 5f, 6f);
    Tensor b = strided(3, 2, 1f, 0f, 0f, 1f, 1f, 1f);
    Tensor out = strided(2, 2, 10f, 20f, 30f, 40f);
    ops.matmul(a, b, 0.5f, out);
    assertBits(out, 9f, 15f, 25f, 31f);
    ops.fill(NAN, out);
    ops.matmul(b.t(), a.t(), 0f, out);
    assertBits(out, 4f, 10f, 5f, 11f);
    ops.matmul(a, row(1f, 2f).repeatRows(3), 0f, out);
    assertBits(out, 6f, 12f, 15f, 30f);
  }

  @Test
  void productsWithoutTerms() {
    Tensor out = row(NAN, NAN);
    ops.matmul(arena.tensor(1, 0), arena.tensor(0, 2), 0f, out);
    assertBits(out, 0f, 0f);
    ops.fill(-4f, out);
    ops.matmul(arena.tensor(1, 0), arena.tensor(0, 2), 0.5f, out);
    assertBits(out, -2f, -2f);
    ops.matmul(arena.tensor(0, 3), tensor(3, 2, new float[6]), 0f, arena.tensor(0, 2));
  }

  @Test
  void nanAndInfinityPassThroughProducts() {
    Tensor out = poisoned(2, 2);
    ops.matmul(tensor(2, 2, 0f, 1f, 1f, 1f), tensor(2, 2, INF, 1f, 2f, NAN), 0f, out);
    assertBits(out, NAN, NAN, INF, NAN);
  }
}
