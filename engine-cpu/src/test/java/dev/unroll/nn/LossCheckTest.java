// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LossCheckTest extends DeviceTest {
  private static final CrossEntropy NLL =
      new CrossEntropy(CrossEntropy.Input.LOG_PROBABILITIES, Reduction.MEAN, -100, 0);

  @Test
  void softmaxBeforeCrossEntropyFromLogitsIsWarnedAbout() {
    assertThat(LossCheck.warn(ending(new Softmax()), CrossEntropy.MEAN))
        .hasValueSatisfying(w -> assertThat(w).contains("leave the softmax out"));
    assertThat(LossCheck.warn(ending(new LogSoftmax()), CrossEntropy.MEAN))
        .hasValueSatisfying(w -> assertThat(w).contains("leave LogSoftmax out"));
    assertThat(LossCheck.warn(dense(), CrossEntropy.MEAN)).isEmpty();
  }

  @Test
  void layersThatOnlyChooseRowsHideNothing() {
    Sequential<?> model = ending(new Softmax()).then("last", new LastStep());
    assertThat(LossCheck.warn(model, CrossEntropy.MEAN)).isPresent();
    assertThat(LossCheck.warn(model.then("again", dense()), CrossEntropy.MEAN)).isEmpty();
  }

  @Test
  void likelihoodWantsLogarithms() {
    assertThat(LossCheck.warn(ending(new LogSoftmax()), NLL)).isEmpty();
    assertThat(LossCheck.warn(ending(new Softmax()), NLL)).isPresent();
    assertThat(LossCheck.warn(dense(), NLL)).isPresent();
  }

  @Test
  void sigmoidBelongsToPlainBinaryCrossEntropy() {
    Sequential<?> sigmoid = ending(new ActivationLayer(Activation.SIGMOID));
    assertThat(warn(sigmoid, ElementLoss.BINARY_CROSS_ENTROPY_WITH_LOGITS))
        .hasValueSatisfying(w -> assertThat(w).contains("leave the sigmoid out"));
    assertThat(warn(sigmoid, ElementLoss.BINARY_CROSS_ENTROPY)).isEmpty();
    assertThat(warn(dense(), ElementLoss.BINARY_CROSS_ENTROPY)).isPresent();
    assertThat(warn(dense(), ElementLoss.BINARY_CROSS_ENTROPY_WITH_LOGITS)).isEmpty();
    assertThat(warn(sigmoid, ElementLoss.SQUARED)).isEmpty();
  }

  private static Optional<String> warn(Layer<?> model, ElementLoss loss) {
    return LossCheck.warn(model, loss);
  }

  private Dense dense() {
    return new Dense(new Initializer(arena, 1), 3, 3);
  }

  private Sequential<?> ending(Layer<Tensor> last) {
    return Sequential.of("dense", dense()).then("end", last);
  }
}
