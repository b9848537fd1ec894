// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.io.AtomicFiles;
import dev.unroll.train.ConfusionMatrix;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;

/** Draws a confusion matrix: a row for each right class, as shares of its cases. */
final class ConfusionPlot {
  private static final int SIDE = 720;

  private ConfusionPlot() {}

  /**
   * Writes a PNG picture, atomically.
   *
   * @param names of the classes
   */
  static void write(Path file, List<String> names, ConfusionMatrix matrix) throws IOException {
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(SIDE)
            .height(SIDE)
            .title("Confusion (share of each right class)")
            .xAxisTitle("chosen")
            .yAxisTitle("right")
            .build();
    chart.getStyler().setXAxisLabelRotation(90);
    chart.getStyler().setMin(0).setMax(1).setRangeColors(new Color[] {Color.WHITE, Color.BLUE});
    chart.addSeries("share", names, names, shares(matrix.counts()));
    BufferedImage image = BitmapEncoder.getBufferedImage(chart);
    AtomicFiles.write(file, out -> ImageIO.write(image, "png", out));
  }

  /** Column, row and share of each cell. */
  private static List<Number[]> shares(long[][] counts) {
    List<Number[]> cells = new ArrayList<>();
    for (int r = 0; r < counts.length; r++) {
      double all = Math.max(1, Arrays.stream(counts[r]).sum());
      for (int c = 0; c < counts.length; c++) {
        cells.add(new Number[] {c, r, counts[r][c] / all});
      }
    }
    return cells;
  }
}
