// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.io.AtomicFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws the activations and their slopes, as the scalar backend computes them. */
final class ActivationPlot {
  static final int WIDTH = 720;
  static final int HEIGHT = 480;
  private static final int POINTS = 401;
  private static final float FARTHEST = 4;

  private ActivationPlot() {}

  /** What is drawn, by the names of docs/activations.md. */
  static Map<String, Activation> all() {
    Map<String, Activation> all = new LinkedHashMap<>();
    all.put("sigmoid", Activation.SIGMOID);
    all.put("tanh", Activation.TANH);
    all.put("ReLU", Activation.RELU);
    all.put("leaky ReLU 0.01", Activation.leakyRelu(0.01f));
    all.put("ELU 1", Activation.elu(1));
    all.put("GELU", Activation.GELU_ERF);
    all.put("GELU tanh", Activation.GELU_TANH);
    all.put("SiLU", Activation.SILU);
    all.put("softplus", Activation.softplus(1, 20));
    all.put("Mish", Activation.MISH);
    return all;
  }

  /** Writes {@code activations.png} and {@code activation-slopes.png}, each atomically. */
  static void write(Path folder) throws IOException {
    float[] x = new float[POINTS];
    for (int i = 0; i < POINTS; i++) {
      x[i] = FARTHEST * (2f * i / (POINTS - 1) - 1);
    }
    write(folder.resolve("activations.png"), "f(x)", false, x);
    write(folder.resolve("activation-slopes.png"), "f'(x)", true, x);
  }

  private static void write(Path file, String title, boolean slope, float... x) throws IOException {
    XYChart chart =
        new XYChartBuilder().width(WIDTH).height(HEIGHT).title(title).xAxisTitle("x").build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideNW);
    all()
        .forEach(
            (name, f) ->
                chart
                    .addSeries(name, doubles(x), doubles(values(f, slope, x)))
                    .setMarker(SeriesMarkers.NONE));
    BufferedImage image = BitmapEncoder.getBufferedImage(chart);
    AtomicFiles.write(file, out -> ImageIO.write(image, "png", out));
  }

  /** The values of an activation, or its slopes. */
  static float[] values(Activation f, boolean slope, float... at) {
    try (Ops ops = Backends.open("cpu-scalar");
        Arena arena = ops.arena("activation")) {
      Tensor x = arena.tensor(at, 1, at.length);
      Tensor y = arena.tensor(1, at.length);
      ops.activate(f, x, y);
      if (slope) {
        Tensor one = arena.tensor(1, at.length);
        ops.fill(1, one);
        ops.activateGrad(f, x, y, one, y);
      }
      return ops.read(y);
    }
  }

  private static double[] doubles(float... values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }
}
