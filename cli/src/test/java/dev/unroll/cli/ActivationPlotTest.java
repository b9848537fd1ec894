// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActivationPlotTest {
  private static final float[] PLACES = {-3, -1, -0.5f, 0, 0.5f, 1, 3};

  @TempDir Path folder;

  @Test
  void drawsActivationsAndSlopes() throws IOException {
    assertThat(Cli.run("functions", "--plot", folder).exitCode()).isZero();
    for (String name : new String[] {"activations.png", "activation-slopes.png"}) {
      BufferedImage image = ImageIO.read(folder.resolve(name).toFile());
      assertThat(image.getWidth()).isEqualTo(ActivationPlot.WIDTH);
      assertThat(image.getHeight()).isEqualTo(ActivationPlot.HEIGHT);
      assertThat(Path.of("..", "docs", name)).exists();
    }
    assertThat(Cli.run("functions", "--plot", folder.resolve("none")).exitCode()).isEqualTo(2);
  }

  @Test
  void thePageHasTheMeasuredValues() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "activations.md"));
    for (Map.Entry<String, Activation> f : ActivationPlot.all().entrySet()) {
      for (boolean slope : new boolean[] {false, true}) {
        StringBuilder row = new StringBuilder("\n| " + f.getKey() + " |");
        for (float value : ActivationPlot.values(f.getValue(), slope, PLACES)) {
          row.append(String.format(Locale.ROOT, " %.4f |", value));
        }
        assertThat(page).contains(row);
      }
    }
  }

  @Test
  void aScatterPlotIsAPicture() throws IOException {
    Path file = folder.resolve("scatter.png");
    ScatterPlot.write(file, "points", new float[] {1, 2, 3}, 1.1f, 2.2f, 2.9f);
    BufferedImage image = ImageIO.read(file.toFile());
    assertThat(image.getWidth()).isEqualTo(700);
    assertThat(image.getHeight()).isEqualTo(700);
  }
}
