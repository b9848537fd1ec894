// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.train.ConfusionMatrix;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfusionPlotTest {
  @Test
  void drawsEveryCell(@TempDir Path folder) throws IOException {
    ConfusionMatrix matrix = new ConfusionMatrix(3);
    ConfusionMatrix other = new ConfusionMatrix(3);
    for (int i = 0; i < 9; i++) {
      matrix.add(i % 3, i % 3);
      other.add(i % 3, i / 3);
    }
    BufferedImage right = draw(folder.resolve("right.png"), matrix);
    assertThat(right.getWidth()).isEqualTo(720);
    assertThat(right.getHeight()).isEqualTo(720);
    assertThat(pixels(right)).isNotEqualTo(pixels(draw(folder.resolve("other.png"), other)));
    draw(folder.resolve("empty.png"), new ConfusionMatrix(3));
  }

  private static BufferedImage draw(Path file, ConfusionMatrix matrix) throws IOException {
    ConfusionPlot.write(file, List.of("Dutch", "English", "Czech"), matrix);
    return ImageIO.read(file.toFile());
  }

  private static int[] pixels(BufferedImage image) {
    return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
  }
}
