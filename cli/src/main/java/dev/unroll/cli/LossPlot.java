// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.io.AtomicFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws the loss curve. The only class that needs AWT, which takes long to load. */
final class LossPlot {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 540;

  /** Points of the curve; each is the mean of as many steps as fall on it. */
  private static final int POINTS = 300;

  private LossPlot() {}

  /**
   * Writes a PNG picture, atomically.
   *
   * @param losses one for each step from 1 on, at least one
   * @param evaluations values by step
   */
  static void write(Path file, float[] losses, SortedMap<Long, Double> evaluations)
      throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Loss")
            .xAxisTitle("training step")
            .yAxisTitle("nats")
            .build();
    addTraining(chart, losses);
    if (!evaluations.isEmpty()) {
      List<Long> steps = new ArrayList<>(evaluations.keySet());
      chart.addSeries("held out", steps, new ArrayList<>(evaluations.values()));
    }
    BufferedImage image = BitmapEncoder.getBufferedImage(chart);
    AtomicFiles.write(file, out -> ImageIO.write(image, "png", out));
  }

  private static void addTraining(XYChart chart, float[] losses) {
    int width = (losses.length + POINTS - 1) / POINTS;
    int points = (losses.length + width - 1) / width;
    double[] x = new double[points];
    double[] y = new double[points];
    for (int p = 0; p < points; p++) {
      int from = p * width;
      int to = Math.min(losses.length, from + width);
      for (int i = from; i < to; i++) {
        y[p] += (double) losses[i] / (to - from);
      }
      x[p] = (from + 1 + to) / 2.0;
    }
    chart.addSeries("training", x, y).setMarker(SeriesMarkers.NONE);
  }
}
