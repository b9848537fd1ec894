// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.io.EventWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an {@link XRay} saw.
 *
 * @param norms 2-norm of the gradient that later steps send into the state after step 0, 1, ...,
 *     over all states of all layers; one fewer than there are steps
 * @param saturation share of the values of each gate, taken as a sigmoid, below 0.05 or above 0.95,
 *     by name such as {@code lstm.l0.f}
 * @param dead share of the units of each recurrent layer whose output was never farther than 1e-6
 *     from 0, by name such as {@code lstm.l0}
 */
public record XRayReport(float[] norms, Map<String, Double> saturation, Map<String, Double> dead) {
  /** A gradient that is down to this share has vanished; up to its inverse, it has exploded. */
  private static final double GONE = 0.01;

  private static final double MUCH = 0.5;

  /**
   * The effective length of memory: how many steps back from the last the gradient still has a
   * hundredth of the length that it had one step back.
   *
   * @return number of steps; all that were looked at if it never vanished
   */
  public int memory() {
    int steps = 0;
    double bound = GONE * norms[norms.length - 1];
    while (steps < norms.length && norms[norms.length - 1 - steps] >= bound && bound > 0) {
      steps++;
    }
    return steps;
  }

  /**
   * What the gradient's length is multiplied by from a step to the one before: the geometric mean
   * over the earlier half of the steps, where a linear network shows its spectral radius.
   *
   * @return below 1 if it vanishes, above 1 if it explodes
   */
  public double decay() {
    int half = norms.length / 2;
    return StrictMath.pow((double) norms[0] / norms[half], 1.0 / Math.max(1, half));
  }

  /**
   * The findings, a sentence each.
   *
   * @return at least one
   */
  public List<String> verdict() {
    List<String> findings = new ArrayList<>();
    findings.add(gradient());
    saturation.forEach(
        (gate, share) -> {
          if (share > MUCH) {
            findings.add(
                gate
                    + String.format(
                        Locale.ROOT, " is shut or open %.0f %% of the time", 100 * share)
                    + ": try smaller initial weights or a smaller learning rate");
          }
        });
    dead.forEach(
        (layer, share) -> {
          if (share > 0) {
            findings.add(
                layer
                    + String.format(Locale.ROOT, " has %.0f %% dead units", 100 * share)
                    + ": try a smaller learning rate or a leaky activation");
          }
        });
    return findings;
  }

  private String gradient() {
    for (int t = norms.length - 1; t >= 0; t--) {
      if (!Float.isFinite(norms[t])) {
        return "the gradient is not finite "
            + (norms.length - t)
            + " steps back: clip it, or try a smaller learning rate";
      }
    }
    double last = norms[norms.length - 1];
    if (last == 0) {
      return "no gradient reaches the state: does the loss depend on the recurrent layer?";
    }
    if (norms[0] * GONE > last) {
      return String.format(
          Locale.ROOT,
          "explodes, by a factor of %.3g a step: clip the gradient, or start from orthogonal"
              + " weights",
          decay());
    }
    return memory() < norms.length
        ? "vanishes after " + memory() + " steps: try LSTM or forget bias 1"
        : "reaches back all " + norms.length + " steps";
  }

  /**
   * Writes the report as TensorBoard series: {@code xray/gradient} with the step of the sequence as
   * the step, the shares at 0, and the verdict as text.
   *
   * @param events receives it
   * @throws IOException if it can not be written
   */
  public void write(EventWriter events) throws IOException {
    for (int t = 0; t < norms.length; t++) {
      events.scalar("xray/gradient", t, norms[t]);
    }
    for (Map.Entry<String, Double> e : saturation.entrySet()) {
      events.scalar("xray/saturation/" + e.getKey(), 0, e.getValue().floatValue());
    }
    for (Map.Entry<String, Double> e : dead.entrySet()) {
      events.scalar("xray/dead/" + e.getKey(), 0, e.getValue().floatValue());
    }
    events.text("xray/verdict", 0, String.join("\n\n", verdict()));
  }
}
