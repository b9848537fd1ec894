// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.io.AtomicFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws what was predicted against what is true. */
final class ScatterPlot {
  private static final int SIZE = 700;

  private ScatterPlot() {}

  /** Writes a PNG picture, atomically: a point for each pair, and the line where both agree. */
  static void write(Path file, String title, float[] truth, float... predicted) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(SIZE)
            .height(SIZE)
            .title(title)
            .xAxisTitle("data")
            .yAxisTitle("prediction")
            .build();
    chart
        .addSeries("points", doubles(truth), doubles(predicted))
        .setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    double low = IntStream.range(0, truth.length).mapToDouble(i -> truth[i]).min().orElse(0);
    double high = IntStream.range(0, truth.length).mapToDouble(i -> truth[i]).max().orElse(1);
    double[] ends = {low, high};
    chart.addSeries("equal", ends, ends).setMarker(SeriesMarkers.NONE);
    BufferedImage image = BitmapEncoder.getBufferedImage(chart);
    AtomicFiles.write(file, out -> ImageIO.write(image, "png", out));
  }

  private static double[] doubles(float... values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }
}
