// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.io.AtomicFiles;
import dev.unroll.train.XRayReport;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws how long the gradient is at each step of the sequence. */
final class XRayPlot {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 540;

  /** What stands for 0 and for infinity on the logarithmic axis. */
  private static final double LOWEST = 1e-30;

  private static final double HIGHEST = 1e30;

  private XRayPlot() {}

  /** Writes a PNG picture, atomically. */
  static void write(Path file, XRayReport report) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Gradient through time: " + report.verdict().get(0))
            .xAxisTitle("step of the sequence")
            .yAxisTitle("norm of the gradient of the state")
            .build();
    chart.getStyler().setYAxisLogarithmic(true).setLegendVisible(false);
    chart.addSeries("gradient", null, drawable(report.norms())).setMarker(SeriesMarkers.NONE);
    BufferedImage image = BitmapEncoder.getBufferedImage(chart);
    AtomicFiles.write(file, out -> ImageIO.write(image, "png", out));
  }

  private static double[] drawable(float[] norms) {
    double[] values = new double[norms.length];
    for (int t = 0; t < norms.length; t++) {
      values[t] = norms[t] < HIGHEST ? Math.max(LOWEST, norms[t]) : HIGHEST;
    }
    return values;
  }
}
