// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.commons.numbers.gamma.Erf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers of the lab, right and wrong, computed anew in plain double arithmetic. */
class SeedLabTest {
  private static double phi(double x) {
    return 0.5 * (1 + Erf.value(x / Math.sqrt(2)));
  }

  private static double gelu(double x) {
    return x * phi(x);
  }

  private static double geluSlope(double x) {
    return phi(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  /** What the article has for GELU. */
  private static double wrongGelu(double x) {
    return x * Erf.value(x / Math.sqrt(2));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static String show(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static double smallestAt(DoubleUnaryOperator f, double from, double to) {
    return IntStream.rangeClosed(0, 1_000_000)
        .mapToDouble(i -> from + (to - from) * i / 1e6)
        .reduce((a, b) -> f.applyAsDouble(b) < f.applyAsDouble(a) ? b : a)
        .getAsDouble();
  }

  private static List<String> numbers() {
    List<String> all = new ArrayList<>();
    DoubleStream.of(
            wrongGelu(1),
            gelu(1),
            gelu(-1),
            gelu(2),
            gelu(3),
            sigmoid(1),
            Math.tanh(1),
            Math.expm1(-1),
            2 / Math.sqrt(Math.PI),
            geluSlope(1),
            -Math.log(0.3))
        .forEach(x -> all.add(show("%.7f", x)));
    all.add(show("%+.7f", wrongGelu(-1)));
    double lowest = smallestAt(SeedLabTest::gelu, -4, 4);
    all.add(show("%.4f", lowest));
    all.add(show("%.5f", gelu(lowest)));
    all.add(show("%.4f", geluSlope(smallestAt(x -> -geluSlope(x), -4, 4))));
    all.add(show("%.2f", sigmoid(0) * (1 - sigmoid(0))));
    all.add(show("%.4f", Math.log(10000)));
    all.addAll(slopesOfCrossEntropy(0.3));
    all.addAll(backPropagationThroughTime());
    all.add(show("%.3f", 0.3 * 0.3 / 2));
    all.add(show("%.2f", 0.3 * 0.3));
    all.add("(%d, %d)".formatted(1 + 2, 3 + 4));
    all.add("(%d, %d)".formatted(1 + 3, 2 + 4));
    all.add("%,d".formatted((1000 + 128 + 1) * (128 + 10)));
    int lstms = 4 * 256 * (128 + 256 + 1) + 4 * 256 * (256 + 256 + 1);
    all.add("%,d".formatted(10000 * 128 + lstms + 10000 * (256 + 1)));
    return all;
  }

  /** Wrong and right for y = 0; they agree for y = 1. */
  private static List<String> slopesOfCrossEntropy(double o) {
    return List.of(show("%.6f", 1 / (o - 1)), show("%+.6f", 1 / (1 - o)), show("%.1f", o - 1));
  }

  /** For h = h / 2 + 1 and the loss h^2 / 2 at each step: right, then paths counted twice. */
  private static List<String> backPropagationThroughTime() {
    double[] h = {1, 1.5, 1.75};
    double[] right = new double[3];
    double[] wrong = new double[3];
    for (int t = 2; t >= 0; t--) {
      right[t] = h[t] + (t < 2 ? right[t + 1] / 2 : 0);
    }
    for (int t = 0; t < 3; t++) {
      for (int k = t; k < 3; k++) {
        wrong[t] += right[k] / (1 << (k - t));
      }
    }
    return List.of(joined(right), joined(wrong));
  }

  private static String joined(double... values) {
    return String.join(", ", DoubleStream.of(values).mapToObj(String::valueOf).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"seed-lab.md", "seed-lab.zh.md"})
  void numbersOfThePages(String page) throws IOException {
    assertThat(Files.readString(Path.of("..", "docs", page))).contains(numbers());
  }

  @Test
  void theTwoFormsOfGelu() throws IOException {
    double largest = 0;
    for (double x = -6; x <= 6; x += 1e-3) {
      double inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
      largest = Math.max(largest, Math.abs(gelu(x) - x / 2 * (1 + Math.tanh(inner))));
    }
    assertThat(Files.readString(Path.of("..", "docs", "activations.md")))
        .contains(show("%.2e", largest).replace("e-0", "e-"));
    float exact = ActivationPlot.values(Activation.GELU_ERF, false, 1)[0];
    float other = ActivationPlot.values(Activation.GELU_TANH, false, 1)[0];
    assertThat(exact - other).isBetween(1e-4f, 2e-4f);
  }
}
