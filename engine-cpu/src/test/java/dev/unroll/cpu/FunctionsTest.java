// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.commons.numbers.gamma.Erf;
import org.apache.commons.numbers.gamma.Erfc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FunctionsTest {
  private static final FunctionCheck CHECK = new FunctionCheck(Erf::value, Erfc::value);

  private static final float INF = Float.POSITIVE_INFINITY;

  private static final Map<String, UnaryOperator<Float>> SCALAR = new TreeMap<>();

  static {
    SCALAR.put("exp", Functions::exp);
    SCALAR.put("expm1", Functions::expm1);
    SCALAR.put("log", Functions::log);
    SCALAR.put("log1p", Functions::log1p);
    SCALAR.put("tanh", Functions::tanh);
    SCALAR.put("erf", Functions::erf);
    SCALAR.put("sigmoid", Functions::sigmoid);
    SCALAR.put("silu", Functions::silu);
    SCALAR.put("softplus", Functions::softplus);
    SCALAR.put("geluErf", Functions::geluErf);
    SCALAR.put("geluTanh", Functions::geluTanh);
    SCALAR.put("siluGrad", Functions::siluGrad);
    SCALAR.put("geluErfGrad", Functions::geluErfGrad);
    SCALAR.put("geluTanhGrad", Functions::geluTanhGrad);
  }

  static Stream<String> names() {
    return SCALAR.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void errorsOfADenseSampleStayWithinTheBounds(String name) {
    List<FunctionCheck.Result> results = CHECK.run(name, false, 2, text -> {});
    assertThat(results).isNotEmpty();
    for (FunctionCheck.Result result : results) {
      assertThat(result.inputs()).as(result.name()).isGreaterThan(200_000);
      assertThat(result.worst()).as("%s", result).isLessThanOrEqualTo(result.bound());
      assertThat(result.vector()).as("%s", result).doesNotContain("differ");
      assertThat(result.passed()).as("%s", result).isTrue();
    }
  }

  @Test
  void theCheckCoversEveryFunction() {
    assertThat(CHECK.names()).containsExactlyInAnyOrderElementsOf(SCALAR.keySet());
  }

  @ParameterizedTest
  @MethodSource("names")
  void nanGivesNan(String name) {
    for (int bits : new int[] {0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff, 0x7fffffff}) {
      assertThat(SCALAR.get(name).apply(Float.intBitsToFloat(bits))).isNaN();
    }
  }

  @Test
  void specialValues() {
    expect("exp", 0f, 1f, -0f, 1f, INF, INF, -INF, 0f, 88.73f, INF, -104f, 0f);
    expect("expm1", 0f, 0f, -0f, -0f, INF, INF, -INF, -1f, 88.73f, INF, -200f, -1f);
    expect("log", 1f, 0f, 0f, -INF, -0f, -INF, INF, INF, -1f, Float.NaN, -INF, Float.NaN);
    expect("log1p", 0f, 0f, -0f, -0f, -1f, -INF, INF, INF, -1.5f, Float.NaN, -INF, Float.NaN);
    expect("tanh", 0f, 0f, -0f, -0f, INF, 1f, -INF, -1f, 1e-45f, 1e-45f);
    expect("erf", 0f, 0f, -0f, -0f, INF, 1f, -INF, -1f, -1e-45f, -1e-45f);
    expect("sigmoid", 0f, 0.5f, -0f, 0.5f, INF, 1f, -INF, 0f, 3e38f, 1f, -3e38f, 0f);
    expect("silu", 0f, 0f, -0f, -0f, INF, INF, -INF, -0f, 3e38f, 3e38f, -3e38f, -0f);
    expect("softplus", INF, INF, -INF, 0f, 3e38f, 3e38f, -3e38f, 0f);
    expect("geluErf", 0f, 0f, -0f, -0f, INF, INF, -INF, -0f, 3e38f, 3e38f, -3e38f, -0f);
    expect("geluTanh", 0f, 0f, -0f, -0f, INF, INF, -INF, -0f, 3e38f, 3e38f, -3e38f, -0f);
    expect("siluGrad", 0f, 0.5f, -0f, 0.5f, INF, 1f, 3e38f, 1f);
    expect("geluErfGrad", 0f, 0.5f, -0f, 0.5f, INF, 1f, -INF, 0f, 11.5f, 1f, -11.5f, 0f);
    expect("geluTanhGrad", 0f, 0.5f, -0f, 0.5f, INF, 1f, -INF, 0f, 10.01f, 1f, -10.01f, 0f);
  }

  private static void expect(String name, float... pairs) {
    for (int i = 0; i < pairs.length; i += 2) {
      float y = SCALAR.get(name).apply(pairs[i]);
      assertThat(Float.floatToIntBits(y))
          .as("%s(%s) = %s, expected %s", name, pairs[i], y, pairs[i + 1])
          .isEqualTo(Float.floatToIntBits(pairs[i + 1]));
    }
  }

  /**
   * Results at -9.7, -1.1, -0.3, 1e-3, 0.7, 2.9, 17.5; a change of any bit changes every digest.
   */
  @Test
  void frozenBits() {
    GOLDEN.forEach(
        (name, bits) -> {
          for (int i = 0; i < INPUTS.length; i++) {
            int y = Float.floatToIntBits(SCALAR.get(name).apply(INPUTS[i]));
            assertThat(y).as("%s(%s)", name, INPUTS[i]).isEqualTo(bits[i + 1]);
          }
          assertThat(hash(SCALAR.get(name))).as("hash of %s", name).isEqualTo(bits[0]);
        });
    assertThat(GOLDEN.keySet()).isEqualTo(SCALAR.keySet());
  }

  /** Of the results at every 4099th of all 2^32 bit patterns, NaN as 0x7fc00000. */
  private static int hash(UnaryOperator<Float> function) {
    int hash = 1;
    for (int i = 0; i < 1 << 20; i++) {
      hash = 31 * hash + Float.floatToIntBits(function.apply(Float.intBitsToFloat(i * 4099)));
    }
    return hash;
  }

  @Test
  void errorsAreCountedInUlpsOfTheRoundedReference() {
    assertThat(FunctionCheck.error(1f, 1 + 0x1p-24, false)).isEqualTo(0.5);
    assertThat(FunctionCheck.error(0f, 0x1p-150, false)).isEqualTo(0.5);
    assertThat(FunctionCheck.error(0f, -0x1p-150, false)).isInfinite();
    assertThat(FunctionCheck.error(INF, 1e300, false)).isZero();
    assertThat(FunctionCheck.error(Float.MAX_VALUE, 1e300, false)).isEqualTo(1);
    assertThat(FunctionCheck.error(-INF, 1e300, false)).isGreaterThan(1e6);
    assertThat(FunctionCheck.error(Float.NaN, 1, false)).isInfinite();
    assertThat(FunctionCheck.error(1f, Double.NaN, true)).isInfinite();
    assertThat(FunctionCheck.error(1f, 1 - 0x1p-23, true)).isEqualTo(2);
  }

  @Test
  void aWrongReferenceFails() {
    FunctionCheck wrong = new FunctionCheck(x -> Erf.value(x) * (1 + 1e-6), Erfc::value);
    assertThat(wrong.run("erf", false, 1, text -> {})).noneMatch(FunctionCheck.Result::passed);
  }

  @Test
  void badArgumentsAreNamed() {
    assertThatThrownBy(() -> CHECK.run("cosh", false, 1, text -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cosh")
        .hasMessageContaining("tanh");
    assertThatThrownBy(() -> CHECK.run("exp", false, 0, text -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("threads");
  }

  private static final float[] INPUTS = {-9.7f, -1.1f, -0.3f, 1e-3f, 0.7f, 2.9f, 17.5f};

  private static final Map<String, int[]> GOLDEN = new TreeMap<>();

  static {
    golden(
        "exp",
        0x52311397,
        0x38808555,
        0x3eaa6e14,
        0x3f3da643,
        0x3f8020c9,
        0x4000e153,
        0x419164a7,
        0x4c17eb64);
    golden(
        "expm1",
        0x7a09b9bd,
        0xbf7ffbfc,
        0xbf2ac8f6,
        0xbe84b37a,
        0x3a832337,
        0x3f81c2a6,
        0x418964a7,
        0x4c17eb64);
    golden(
        "log",
        0xaa79c8ed,
        0x7fc00000,
        0x7fc00000,
        0x7fc00000,
        0xc0dd0c55,
        0xbeb69e1a,
        0x3f884871,
        0x40372e4d);
    golden(
        "log1p",
        0xeaa476e8,
        0x7fc00000,
        0x7fc00000,
        0xbeb69e1a,
        0x3a8301ab,
        0x3f07d741,
        0x3fae347b,
        0x403abcc1);
    golden(
        "tanh",
        0x3b5b2ed1,
        0xbf800000,
        0xbf4ced81,
        0xbe9526ee,
        0x3a83126c,
        0x3f1ab7d8,
        0x3f7e745f,
        0x3f800000);
    golden(
        "erf",
        0x8b2827f7,
        0xbf800000,
        0xbf61551f,
        0xbea841c5,
        0x3a93e61c,
        0x3f2d8461,
        0x3f7ffd4e,
        0x3f800000);
    golden(
        "sigmoid",
        0x7e71c4ed,
        0x38808351,
        0x3e7fbbd0,
        0x3ed9e2ac,
        0x3f001062,
        0x3f2b0e5a,
        0x3f72a611,
        0x3f800000);
    golden(
        "silu",
        0xe7493d15,
        0xba1bd26b,
        0xbe8ca74c,
        0xbe02bb34,
        0x3a032336,
        0x3eef7a7e,
        0x402feb99,
        0x418c0000);
    golden(
        "softplus",
        0x86ef219d,
        0x38808453,
        0x3e931d9d,
        0x3f0dea3a,
        0x3f3192de,
        0x3f8d3533,
        0x403d072d,
        0x418c0000);
    golden(
        "geluErf",
        0xa3d5d933,
        0x9c9cc666,
        0xbe18d073,
        0xbdeac157,
        0x3a032d35,
        0x3f07d711,
        0x403940f3,
        0x418c0000);
    golden(
        "geluTanh",
        0x561da328,
        0x86fec54d,
        0xbe190148,
        0xbdeac2a7,
        0x3a032d35,
        0x3f07d372,
        0x4039483b,
        0x418c0000);
    golden(
        "siluGrad",
        0x09fcee1b,
        0xba0bbf90,
        0x3d32b889,
        0x3eb4562d,
        0x3f0020c5,
        0x3f52c97a,
        0x3f8bac91,
        0x3f800003);
    golden(
        "geluErfGrad",
        0x09c6d55e,
        0x9e865968,
        0xbdd4eeed,
        0x3e890c55,
        0x3f00344a,
        0x3f7a0362,
        0x3f81f883,
        0x3f800000);
    golden(
        "geluTanhGrad",
        0x4dcb89a1,
        0x892c3dba,
        0xbdd44b69,
        0x3e891092,
        0x3f00344a,
        0x3f79f28c,
        0x3f81efa2,
        0x3f800000);
  }

  /** The hash of many results, then the results at {@link #INPUTS}. */
  private static void golden(String name, int... bits) {
    GOLDEN.put(name, bits);
  }
}
