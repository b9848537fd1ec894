// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every product must have the bits of the plain loop {@link #expected}. */
class GemmTest {
  private static final int[] SIZES = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 127, 128, 129,
    255, 256, 257, 300, 511, 512, 513
  };
  private static final float[] BETAS = {0f, 1f, 0.5f, -0f, -1f, Float.NaN};
  private static final int GUARD = 0x7fc0dead; // a NaN that no computation makes

  enum Layout {
    ROWS,
    COLUMNS,
    STRIDED,
    STRIDED_COLUMNS,
    REPEATED_ROW,
    REPEATED_COLUMN;

    Mat matrix(int rows, int cols) {
      return switch (this) {
        case ROWS -> matrix(rows, cols, cols, 1);
        case COLUMNS -> matrix(rows, cols, 1, rows);
        case STRIDED -> matrix(rows, cols, 3 * cols + 2, 3);
        case STRIDED_COLUMNS -> matrix(rows, cols, 1, rows + 5);
        case REPEATED_ROW -> matrix(rows, cols, 0, 1);
        case REPEATED_COLUMN -> matrix(rows, cols, 1, 0);
      };
    }

    private static Mat matrix(int rows, int cols, int rowStride, int colStride) {
      int margin = 37;
      int span = Math.max(0, rows - 1) * rowStride + Math.max(0, cols - 1) * colStride + 1;
      return new Mat().set(new float[span + 2 * margin], margin, rows, cols, rowStride, colStride);
    }
  }

  /** The definition: chunks of 256, one chain of fma in each, chunk sums added in order. */
  private static float expected(Mat a, Mat b, float beta, float old, int row, int col) {
    float r = beta == 0 ? 0f : beta * old;
    for (int k0 = 0; k0 < a.cols; k0 += 256) {
      float s = 0f;
      for (int k = k0; k < Math.min(a.cols, k0 + 256); k++) {
        s = Math.fma(a.data[a.at(row, k)], b.data[b.at(k, col)], s);
      }
      s = s + 0f;
      r = k0 == 0 && beta == 0 ? s : r + s;
    }
    return r;
  }

  private interface Multiply {
    void run(Mat a, Mat b, float beta, Mat c);
  }

  /** Fills C with guards, runs, and compares every element of C's array, margins included. */
  private static void check(Multiply multiply, Mat a, Mat b, float beta, Mat c, Random random) {
    Arrays.fill(c.data, Float.intBitsToFloat(GUARD));
    if (beta != 0) {
      forEach(c, at -> c.data[at] = value(random));
    }
    float[] want = c.data.clone();
    for (int row = 0; row < c.rows; row++) {
      for (int col = 0; col < c.cols; col++) {
        int at = c.at(row, col);
        want[at] = expected(a, b, beta, c.data[at], row, col);
      }
    }
    multiply.run(a, b, beta, c);
    for (int i = 0; i < want.length; i++) {
      if (!same(c.data[i], want[i])) {
        throw new AssertionError(
            String.format(
                "%dx%dx%d beta %s, C at %d: %s instead of %s",
                c.rows, c.cols, a.cols, beta, i - c.offset, show(c.data[i]), show(want[i])));
      }
    }
  }

  private static boolean same(float x, float y) {
    int guard = Float.floatToRawIntBits(y);
    return guard == GUARD
        ? Float.floatToRawIntBits(x) == GUARD
        : Float.floatToIntBits(x) == Float.floatToIntBits(y);
  }

  private static String show(float x) {
    return x + " (0x" + Integer.toHexString(Float.floatToRawIntBits(x)) + ")";
  }

  private static void forEach(Mat m, IntConsumer visit) {
    for (int row = 0; row < m.rows; row++) {
      for (int col = 0; col < m.cols; col++) {
        visit.accept(m.at(row, col));
      }
    }
  }

  private static float value(Random random) {
    return random.nextFloat() * 2 - 1;
  }

  /** Random elements, NaN everywhere else: what is read beside the matrix shows. */
  private static Mat filled(Layout layout, int rows, int cols, Random random) {
    Mat m = layout.matrix(rows, cols);
    Arrays.fill(m.data, Float.NaN);
    forEach(m, at -> m.data[at] = value(random));
    return m;
  }

  private static void checkSizes(Multiply multiply, int m, int n, int k, Random random) {
    Mat a = filled(pick(random, Layout.values()), m, k, random);
    Mat b = filled(pick(random, Layout.values()), k, n, random);
    Mat c = pick(random, Layout.ROWS, Layout.COLUMNS, Layout.STRIDED).matrix(m, n);
    check(multiply, a, b, BETAS[random.nextInt(BETAS.length)], c, random);
  }

  private static Layout pick(Random random, Layout... layouts) {
    return layouts[random.nextInt(layouts.length)];
  }

  private static int pickSize(Random random, int below) {
    int size;
    do {
      size = SIZES[random.nextInt(SIZES.length)];
    } while (size >= below);
    return size;
  }

  private static void checkMany(Multiply multiply, Random random) {
    for (int size : SIZES) {
      for (int i = 0; i < 4; i++) {
        checkSizes(multiply, size, pickSize(random, 70), pickSize(random, 300), random);
        checkSizes(multiply, pickSize(random, 70), size, pickSize(random, 300), random);
        checkSizes(multiply, pickSize(random, 70), pickSize(random, 70), size, random);
      }
    }
    checkSizes(multiply, 513, 65, 257, random);
    checkSizes(multiply, 65, 300, 513, random);
  }

  private static Multiply packing(Gemm gemm) {
    Packed packed = new Packed(); // reused: a smaller matrix must not see what a larger one left
    return (a, b, beta, c) -> {
      gemm.pack(b, packed);
      gemm.multiply(a, packed, beta, c);
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void hostileSizesAndStrides(int threads) {
    try (Workers workers = new Workers(threads)) {
      Gemm gemm = new Gemm(workers);
      checkMany(gemm::multiply, new Random(threads));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void packedIsTheSame(int threads) {
    try (Workers workers = new Workers(threads)) {
      checkMany(packing(new Gemm(workers)), new Random(10 + threads));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyLayoutWithEveryOther(Layout layoutA) {
    Random random = new Random(20);
    GemmThread gemm = new GemmThread();
    for (Layout layoutB : Layout.values()) {
      for (Layout layoutC : new Layout[] {Layout.ROWS, Layout.COLUMNS, Layout.STRIDED}) {
        for (int[] mnk : new int[][] {{1, 150, 40}, {9, 1, 33}, {23, 67, 300}, {41, 33, 20}}) {
          for (float beta : BETAS) {
            Mat a = filled(layoutA, mnk[0], mnk[2], random);
            Mat b = filled(layoutB, mnk[2], mnk[1], random);
            check(gemm::multiply, a, b, beta, layoutC.matrix(mnk[0], mnk[1]), random);
          }
        }
      }
    }
  }

  @Test
  void infinitiesAndNansStayWhereTheyBelong() {
    Random random = new Random(30);
    float[] special = {
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MAX_VALUE,
      -0f,
      Float.MIN_VALUE
    };
    GemmThread gemm = new GemmThread();
    for (int[] mnk : new int[][] {{1, 70, 300}, {7, 33, 40}, {19, 130, 257}}) {
      for (Layout layout : new Layout[] {Layout.ROWS, Layout.COLUMNS}) {
        Mat a = filled(layout, mnk[0], mnk[2], random);
        Mat b = filled(layout, mnk[2], mnk[1], random);
        for (float x : special) {
          a.data[a.at(random.nextInt(a.rows), random.nextInt(a.cols))] = x;
          b.data[b.at(random.nextInt(b.rows), random.nextInt(b.cols))] = x;
        }
        for (float beta : BETAS) {
          check(gemm::multiply, a, b, beta, Layout.ROWS.matrix(a.rows, b.cols), random);
        }
      }
    }
  }

  /** The products underflow to -0, which a chunk sum must not keep. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6, 8, 9})
  void negativeZeroSumsBecomePositive(int rows) {
    for (Layout layout : new Layout[] {Layout.ROWS, Layout.COLUMNS}) {
      for (int cols : new int[] {3, 9, 130}) {
        Mat a = layout.matrix(rows, 2);
        Mat b = layout.matrix(2, cols);
        forEach(a, at -> a.data[at] = -1e-30f);
        forEach(b, at -> b.data[at] = 1e-30f);
        for (float beta : new float[] {0f, 1f}) {
          Mat c = layout.matrix(rows, cols);
          forEach(c, at -> c.data[at] = -0f);
          new GemmThread().multiply(a, b, beta, c);
          forEach(c, at -> assertThat(Float.floatToRawIntBits(c.data[at])).isZero());
        }
      }
    }
  }

  @Test
  void emptySumIsZeroOrBetaTimesOut() {
    Mat a = Layout.ROWS.matrix(2, 0);
    Mat b = Layout.ROWS.matrix(0, 3);
    Mat c = Layout.ROWS.matrix(2, 3);
    forEach(c, at -> c.data[at] = -4f);
    new GemmThread().multiply(a, b, 0.5f, c);
    forEach(c, at -> assertThat(c.data[at]).isEqualTo(-2f));
    new GemmThread().multiply(a, new Packed().pack(b), 0f, c);
    forEach(c, at -> assertThat(Float.floatToRawIntBits(c.data[at])).isZero());
  }

  @Test
  void worksInsideATaskOfTheWorkers() {
    Random random = new Random(40);
    Mat a = filled(Layout.ROWS, 30, 70, random);
    Mat b = filled(Layout.COLUMNS, 70, 50, random);
    try (Workers workers = new Workers(3)) {
      Gemm gemm = new Gemm(workers);
      Packed packed = new Packed();
      gemm.pack(b, packed);
      Multiply tenRowsEach =
          (x, y, beta, c) ->
              workers.run(
                  part ->
                      gemm.thread(part).multiply(tenRows(x, part), packed, beta, tenRows(c, part)));
      check(tenRowsEach, a, b, 1f, Layout.ROWS.matrix(30, 50), random);
    }
  }

  private static Mat tenRows(Mat m, int part) {
    return new Mat().set(m.data, m.at(10 * part, 0), 10, m.cols, m.rowStride, m.colStride);
  }

  @Test
  void differentInnerSizesAreRefused() {
    Mat a = Layout.ROWS.matrix(3, 4);
    Mat b = Layout.ROWS.matrix(5, 6);
    Mat c = Layout.ROWS.matrix(3, 6);
    assertThatThrownBy(() -> new GemmThread().multiply(a, b, 0f, c))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("matmul: sizes differ: a is [3x4], b is [5x6], out is [3x6]");
    assertThatThrownBy(() -> new GemmThread().multiply(a, new Packed().pack(b), 0f, c))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tooLargeForOnePackedArrayIsRefused() {
    assertThatThrownBy(() -> new Packed().resize(1 << 20, 1 << 12))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[1048576x4096]");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 16})
  void everyLaneCountHasTheSameBits(int lanes) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-Dunroll.lanes=" + lanes,
                "-cp",
                System.getProperty("java.class.path"),
                GemmTest.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output).contains("checked with " + lanes + " lanes");
    assertThat(process.exitValue()).isZero();
  }

  /** What the forked process of {@link #everyLaneCountHasTheSameBits} runs. */
  public static void main(String[] args) {
    try (Workers workers = new Workers(1)) {
      Gemm gemm = new Gemm(workers);
      Random random = new Random(50);
      for (Multiply multiply : new Multiply[] {gemm::multiply, packing(gemm)}) {
        for (int i = 0; i < 60; i++) {
          checkSizes(
              multiply, pickSize(random, 34), pickSize(random, 140), pickSize(random, 300), random);
        }
      }
    }
    System.out.println("checked with " + MicroKernels.PANEL / 2 + " lanes");
  }
}
