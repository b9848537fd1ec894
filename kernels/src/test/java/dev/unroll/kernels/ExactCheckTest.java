// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The probe passes right arithmetic and catches each way in which a device may be wrong. */
class ExactCheckTest {
  /** A device's arithmetic: results in the order of the kernel's rows. */
  private interface Arithmetic {
    float[] of(float a, float b, float c);
  }

  private static float[] right(float a, float b, float c) {
    return new float[] {
      Math.fma(a, b, c), (a * b) + c, a / b, (float) Math.sqrt(Math.abs(a)), a * b
    };
  }

  @Test
  void rightArithmeticPasses() {
    assertThat(run(ExactCheckTest::right)).isEmpty();
  }

  @Test
  void fmaRoundedTwiceIsCaught() {
    assertThat(run((a, b, c) -> with(0, (a * b) + c, right(a, b, c))).orElseThrow())
        .startsWith("fma(a, b, c) of a=0x");
  }

  @Test
  void contractionIsCaught() {
    assertThat(run((a, b, c) -> with(1, Math.fma(a, b, c), right(a, b, c))).orElseThrow())
        .startsWith("(a * b) + c of");
  }

  @Test
  void divisionByReciprocalIsCaught() {
    assertThat(run((a, b, c) -> with(2, a * (1 / b), right(a, b, c))).orElseThrow())
        .startsWith("a / b of");
  }

  @Test
  void rootOffByOneIsCaught() {
    assertThat(
            run((a, b, c) -> with(3, Math.nextUp((float) Math.sqrt(Math.abs(a))), right(a, b, c))))
        .isPresent();
  }

  @Test
  void subnormalOperandsTakenAsZeroAreCaught() {
    assertThat(run((a, b, c) -> with(4, flushed(a) * b, right(a, b, c)))).isPresent();
  }

  @Test
  void subnormalResultsFlushedAreCaught() {
    assertThat(run((a, b, c) -> with(4, flushed(a * b), right(a, b, c)))).isPresent();
    assertThat(run((a, b, c) -> with(2, flushed(a / b), right(a, b, c)))).isPresent();
  }

  private static float flushed(float x) {
    return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0f, x) : x;
  }

  private static float[] with(int row, float value, float... results) {
    results[row] = value;
    return results;
  }

  private static Optional<String> run(Arithmetic device) {
    int count = ExactCheck.Vectors.A.length;
    float[] got = new float[ExactCheck.Vectors.EXPECTED.length];
    for (int i = 0; i < count; i++) {
      float[] results =
          device.of(
              Float.intBitsToFloat(ExactCheck.Vectors.A[i]),
              Float.intBitsToFloat(ExactCheck.Vectors.B[i]),
              Float.intBitsToFloat(ExactCheck.Vectors.C[i]));
      for (int row = 0; row < results.length; row++) {
        got[row * count + i] = results[row];
      }
    }
    return ExactCheck.firstWrong(got);
  }
}
