// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.train.XRayReport;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XRayPlotTest {
  @Test
  void drawsWhateverTheNormsAre(@TempDir Path folder) throws IOException {
    float[][] all = {
      {1e-9f, 1e-6f, 1e-3f, 1}, {0, 0, 0, 0}, {Float.NaN, Float.POSITIVE_INFINITY, 3, 1}, {1}
    };
    for (float[] norms : all) {
      Path file = folder.resolve("xray.png");
      XRayPlot.write(file, new XRayReport(norms, Map.of(), Map.of()));
      BufferedImage image = ImageIO.read(file.toFile());
      assertThat(image.getWidth()).isEqualTo(900);
      assertThat(image.getHeight()).isEqualTo(540);
    }
  }
}
