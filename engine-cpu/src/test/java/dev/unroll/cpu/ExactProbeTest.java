// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.BackendException;
import dev.unroll.check.ExactArithmetic;
import dev.unroll.cpu.ExactProbe.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The probe passes Java's arithmetic and catches each way in which another may be wrong. */
class ExactProbeTest {
  @Test
  void javaIsExactOnThisThreadAndOnOthers() throws InterruptedException {
    assertThatCode(() -> ExactProbe.run("here")).doesNotThrowAnyException();
    Throwable[] thrown = new Throwable[1];
    Thread other = new Thread(() -> ExactProbe.run("there"));
    other.setUncaughtExceptionHandler((thread, e) -> thrown[0] = e);
    other.start();
    other.join();
    assertThat(thrown[0]).isNull();
  }

  @Test
  void vectorsNeverChange() {
    int operands = Arrays.deepHashCode(ExactProbe.Vectors.OPERANDS);
    int expected = Arrays.hashCode(ExactProbe.Vectors.EXPECTED);
    assertThat(List.of(operands, expected)).containsExactly(391775279, 906116284);
  }

  /** Short fractions make ties; a wide range of exponents makes subnormals. */
  @ParameterizedTest
  @CsvSource({"0x807fffff, 100", "0x80600000, 14", "0x80400000, 30"})
  void integersAgreeWithJavasArithmetic(String fraction, int range) {
    Random random = new Random(1);
    for (int i = 0; i < 5_000; i++) {
      int[] bits = new int[3];
      for (int j = 0; j < 3; j++) {
        int exponent = (range == 100 ? 0 : 100) + random.nextInt(range);
        bits[j] = random.nextInt() & Long.decode(fraction).intValue() | exponent << 23;
      }
      float a = Float.intBitsToFloat(bits[0]);
      float b = Float.intBitsToFloat(bits[1]);
      float c = Float.intBitsToFloat(bits[2]);
      float fused = Math.fma(a, b, c);
      if (fused != 0f) {
        assertSame("fma", ExactArithmetic.fma(bits[0], bits[1], bits[2]), fused);
      }
      assertSame("product", ExactArithmetic.product(bits[0], bits[1]), a * b);
      if (b != 0f) {
        assertSame("quotient", ExactArithmetic.quotient(bits[0], bits[1]), a / b);
      }
      int root = ExactArithmetic.root(bits[0] & Integer.MAX_VALUE);
      assertSame("root", root, (float) Math.sqrt(Math.abs(a)));
    }
  }

  private static void assertSame(String what, int exact, float java) {
    assertThat(exact).as(what).isEqualTo(Float.floatToRawIntBits(java));
  }

  @Test
  void halfOfTheSubnormalProductsAreSubnormal() {
    int subnormal = 0;
    int all = 0;
    for (int i = 0; i < ExactProbe.Vectors.EXPECTED.length; i++) {
      if (ExactProbe.kind(i) == Kind.SUBNORMAL_PRODUCT) {
        float y = Math.abs(Float.intBitsToFloat(ExactProbe.Vectors.EXPECTED[i]));
        subnormal += y > 0f && y < Float.MIN_NORMAL ? 1 : 0;
        all++;
      }
    }
    assertThat(subnormal * 2).isGreaterThan(all);
  }

  @Test
  void contractionIsCaught() {
    assertFails(
        Kind.PRODUCT_THEN_SUM,
        (kind, a, b, c) ->
            kind == Kind.PRODUCT_THEN_SUM ? Math.fma(a, b, c) : ExactProbe.compute(kind, a, b, c));
  }

  @Test
  void fmaThatRoundsTwiceIsCaught() {
    assertFails(
        Kind.FMA,
        (kind, a, b, c) -> kind == Kind.FMA ? (a * b) + c : ExactProbe.compute(kind, a, b, c));
  }

  @Test
  void flushingResultsToZeroIsCaught() {
    assertFails(
        Kind.SUBNORMAL_PRODUCT,
        (kind, a, b, c) -> {
          float y = ExactProbe.compute(kind, a, b, c);
          return kind == Kind.SUBNORMAL_PRODUCT ? flush(y) : y;
        });
  }

  @Test
  void readingSubnormalsAsZeroIsCaught() {
    assertFails(
        Kind.SUBNORMAL_FACTOR, (kind, a, b, c) -> ExactProbe.compute(kind, flush(a), flush(b), c));
  }

  @Test
  void divisionByReciprocalIsCaught() {
    assertFails(
        Kind.DIVIDE,
        (kind, a, b, c) -> kind == Kind.DIVIDE ? a * (1f / b) : ExactProbe.compute(kind, a, b, c));
  }

  @Test
  void squareRootByReciprocalIsCaught() {
    assertFails(
        Kind.SQRT,
        (kind, a, b, c) ->
            kind == Kind.SQRT
                ? 1f / ScalarMath.sqrt(1f / Math.abs(a))
                : ExactProbe.compute(kind, a, b, c));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void oneWrongBitIsCaughtAndTheVectorNamed(Kind broken) {
    assertThatThrownBy(
            () ->
                ExactProbe.run(
                    "cpu (thread 1)",
                    (kind, a, b, c) -> {
                      float y = ExactProbe.compute(kind, a, b, c);
                      return kind == broken
                          ? Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ 1)
                          : y;
                    }))
        .isInstanceOfSatisfying(BackendException.class, e -> assertThat(e.unavailable()).isTrue())
        .hasMessageMatching(
            "cpu \\(thread 1\\): arithmetic on thread '.*' is not exact: "
                + broken
                + " of (0x[0-9a-f]{8}, ){2}0x[0-9a-f]{8} must be 0x[0-9a-f]{8}, is"
                + " 0x[0-9a-f]{8}\\..*without it");
  }

  private static float flush(float x) {
    return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0f, x) : x;
  }

  private static void assertFails(Kind kind, ExactProbe.Arithmetic arithmetic) {
    assertThatThrownBy(() -> ExactProbe.run("test", arithmetic))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining(" " + kind + " of ");
  }
}
