// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class MeasuresTest {
  private static final Offset<Double> CLOSE = Offset.offset(1e-12);

  @Test
  void confusionMatrix() {
    ConfusionMatrix matrix = new ConfusionMatrix(3);
    int[][] cases = {{0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}, {0, 0}};
    for (int[] c : cases) {
      matrix.add(c[0], c[1]);
    }
    assertThat(matrix.counts()).isDeepEqualTo(new long[][] {{3, 1, 0}, {1, 1, 0}, {0, 0, 0}});
    assertThat(matrix.accuracy()).isEqualTo(4.0 / 6);
    assertThat(matrix.precision(0)).isEqualTo(3.0 / 4);
    assertThat(matrix.recall(0)).isEqualTo(3.0 / 4);
    assertThat(matrix.recall(1)).isEqualTo(1.0 / 2);
    assertThat(matrix.f1(1)).isEqualTo(0.5);
    assertThat(matrix.precision(2)).isZero();
    assertThat(matrix.recall(2)).isZero();
    assertThat(matrix.f1(2)).isZero();
    assertThat(matrix.meanF1()).isCloseTo((0.75 + 0.5 + 0) / 3, CLOSE);
    assertThat(new ConfusionMatrix(2).accuracy()).isZero();
  }

  @Test
  void theHighestScoreIsChosen() {
    ConfusionMatrix matrix = new ConfusionMatrix(3);
    float nan = Float.NaN;
    float[] scores = {1, 2, 2, nan, -5, -6, 9, 0, 0, 3, nan, 4};
    matrix.add(scores, new int[] {1, 1, -100, 2}, -100);
    assertThat(matrix.counts()).isDeepEqualTo(new long[][] {{0, 0, 0}, {0, 2, 0}, {0, 0, 1}});
    assertThatThrownBy(() -> matrix.add(scores, new int[2], -1)).hasMessageContaining("12 scores");
    assertThatThrownBy(() -> matrix.add(3, 0)).hasMessageContaining("target must be 0 to 2: 3");
    assertThatThrownBy(() -> matrix.add(0, -1)).hasMessageContaining("prediction");
  }

  @Test
  void errorsOfNumbers() {
    ErrorMeasure measure = new ErrorMeasure();
    measure.add(new float[] {1, 2}, new float[] {2, 2});
    measure.add(new float[] {5, 1}, new float[] {3, 5});
    assertThat(measure.mae()).isEqualTo(7.0 / 4);
    assertThat(measure.mse()).isCloseTo(21.0 / 4, CLOSE);
    assertThat(measure.rmse()).isCloseTo(Math.sqrt(21.0 / 4), CLOSE);
    assertThat(measure.explained()).as("variance of 2, 2, 3, 5").isCloseTo(1 - 21.0 / 6, CLOSE);
    assertThat(new ErrorMeasure().mae()).isNaN();
    assertThatThrownBy(() -> measure.add(new float[1], new float[2]))
        .hasMessageContaining("1 predictions for 2 targets");
  }

  @Test
  void lossOfTokens() {
    TokenLoss loss = new TokenLoss();
    loss.add(Math.log(2), 30);
    loss.add(Math.log(8), 10);
    assertThat(loss.bits()).isCloseTo(1.5, CLOSE);
    assertThat(loss.perplexity()).isCloseTo(Math.pow(2, 1.5), CLOSE);
    assertThat(loss.nats()).isCloseTo(1.5 * Math.log(2), CLOSE);
    assertThat(new TokenLoss().perplexity()).isNaN();
    assertThatThrownBy(() -> loss.add(1, 0)).hasMessageContaining("token loss");
  }
}
