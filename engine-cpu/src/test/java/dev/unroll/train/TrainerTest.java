// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.unroll.MemoryUse;
import dev.unroll.Tensor;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class TrainerTest extends DeviceTest {
  @Test
  void lossFallsAndListenersHearOfIt() {
    Toy toy = new Toy(ops, arena, 0.1);
    List<TrainingStep> heard = new ArrayList<>();
    toy.trainer.addListener(heard::add);
    toy.run(300);
    float[] losses = toy.trainer.losses();
    assertThat(losses).hasSize(300);
    assertThat(mean(losses, 280)).isLessThan(0.6 * mean(losses, 0));
    assertThat(heard).hasSize(300);
    assertThat(heard.get(4).number()).isEqualTo(5);
    assertThat(heard.get(4).loss()).isEqualTo(losses[4]);
    assertThat(heard.get(4).learningRate()).isEqualTo(0.1 * (1 + 1.0 / 5));
    assertThat(heard.get(4).gradNorm()).isPositive();
  }

  @Test
  void recordedStepsAreTheSame() {
    Toy plain = new Toy(ops, arena, 0.1);
    Toy recorded = new Toy(ops, arena, 0.1, true);
    plain.run(30);
    recorded.run(7);
    recorded.run(30); // records anew
    assertThat(recorded.digest()).isEqualTo(plain.digest());
  }

  private static double mean(float[] losses, int from) {
    double sum = 0;
    for (int i = from; i < from + 20; i++) {
      sum += losses[i];
    }
    return sum / 20;
  }

  @Test
  void stopsWhenAsked() {
    Toy toy = new Toy(ops, arena, 0.1);
    toy.trainer.run(100, () -> toy.trainer.steps() == 7);
    assertThat(toy.trainer.steps()).isEqualTo(7);
    toy.run(9);
    Toy through = new Toy(ops, arena, 0.1);
    through.run(9);
    assertThat(toy.digest()).isEqualTo(through.digest());
    toy.run(9);
    assertThat(toy.trainer.steps()).isEqualTo(9);
  }

  @Test
  void clippingBoundsTheUpdateAndGradientsStartAtZero() {
    Parameter p = new Parameter("p", arena.tensor(1, 2), arena.tensor(1, 2));
    ops.fill(0, p.value());
    ops.fill(Float.NaN, p.grad());
    Tensor add = arena.tensor(new float[] {30, 40}, 1, 2);
    Trainer.Task task =
        (step, number) -> {
          ops.axpby(1, add, 1, p.grad());
          return add.cols(0, 1);
        };
    Optimizer sgd = new Sgd(arena, List.of(p), Sgd.Settings.PLAIN);
    List<TrainingStep> heard = new ArrayList<>();
    Trainer trainer = new Trainer(ops, sgd, Clipping.byNorm(1), n -> 0.5, task);
    trainer.addListener(heard::add);
    trainer.run(2, () -> false);
    assertThat(heard.stream().map(TrainingStep::gradNorm)).containsExactly(50f, 50f);
    assertThat(ops.read(p.value()))
        .containsExactly(new float[] {-0.6f, -0.8f}, Offset.offset(1e-6f));
  }

  @Test
  void accumulatedRunsAreAveraged() {
    Parameter p = new Parameter("p", arena.tensor(1, 2), arena.tensor(1, 2));
    ops.fill(0, p.value());
    List<Long> runs = new ArrayList<>();
    Trainer.Task task =
        (step, number) -> {
          runs.add(number);
          Tensor add = step.tensor(new float[] {number, 3}, 1, 2);
          ops.axpby(1, add, 1, p.grad());
          return add.cols(0, 1);
        };
    Optimizer sgd = new Sgd(arena, List.of(p), Sgd.Settings.PLAIN);
    List<TrainingStep> heard = new ArrayList<>();
    Trainer trainer = new Trainer(ops, sgd, Clipping.NONE, n -> 0.5, task);
    trainer.accumulate(4);
    trainer.addListener(heard::add);
    trainer.run(2, () -> false);
    assertThat(runs).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
    assertThat(trainer.losses()).containsExactly(2.5f, 6.5f);
    assertThat(heard.get(0).gradNorm()).isEqualTo((float) Math.hypot(2.5, 3));
    assertThat(ops.read(p.value())).containsExactly(-0.5f * (2.5f + 6.5f), -3f);
  }

  @Test
  void memoryStaysFlat() {
    Toy toy = new Toy(ops, arena, 0.1);
    toy.run(2);
    MemoryUse before = ops.memory();
    toy.run(40);
    assertThat(ops.memory()).isEqualTo(before);
  }

  @Test
  void aNanGradientIsNamedAndNotApplied() {
    DivergedException e = diverge(x -> Double.NaN, 1, 1);
    assertThat(e.step()).isEqualTo(3);
    assertThat(e.where()).isEqualTo("the gradient of b");
    assertThat(e)
        .hasMessageContaining("diverged at step 3: the gradient of b")
        .hasMessageContaining("smaller learning rate than 0.25");
    assertThat(diverge(x -> Double.POSITIVE_INFINITY, 1, 1).where()).contains("gradient of b");
  }

  @Test
  void aLossThatIsNotFiniteIsNamed() {
    DivergedException e = diverge(x -> 1, Float.POSITIVE_INFINITY, 1);
    assertThat(e.where()).isEqualTo("the loss (the largest values are those of a)");
    assertThat(e).hasMessageContaining("loss Infinity");
  }

  @Test
  void aParameterThatIsNotFiniteComesFirst() {
    assertThat(diverge(x -> Double.NaN, 1, Float.NaN).where()).isEqualTo("parameter a");
  }

  /** Two parameters; at step 3 the gradient of b, the loss and the value of a are as given. */
  private DivergedException diverge(ToDoubleFunction<String> grad, float loss, float value) {
    Parameter a = new Parameter("a", arena.tensor(1, 2), arena.tensor(1, 2));
    Parameter b = new Parameter("b", arena.tensor(1, 2), arena.tensor(1, 2));
    ops.fill(1, a.value());
    ops.fill(1, b.value());
    Optimizer sgd = new Sgd(arena, List.of(a, b), Sgd.Settings.PLAIN);
    List<float[]> before = new ArrayList<>();
    Trainer.Task task =
        (step, number) -> {
          ops.fill(1, a.grad());
          ops.fill(number == 3 ? (float) grad.applyAsDouble("b") : 1, b.grad().cols(1, 1));
          if (number == 3) {
            ops.fill(value, a.value().cols(0, 1));
            before.add(ops.read(b.value()));
          }
          Tensor result = step.tensor(1, 1);
          ops.fill(number == 3 ? loss : 1, result);
          return result;
        };
    Trainer trainer = new Trainer(ops, sgd, Clipping.byValue(10), n -> 0.25, task);
    DivergedException e =
        catchThrowableOfType(DivergedException.class, () -> trainer.run(9, () -> false));
    assertThat(e).isNotNull();
    assertThat(trainer.losses()).containsExactly(1, 1);
    assertThat(ops.read(b.value())).isEqualTo(before.get(0)).containsExactly(1, 0.5f);
    return e;
  }

  @Test
  void anAbsurdLearningRateEndsWithTheStepAndTheLayer() {
    Toy toy = new Toy(ops, arena, 1e39);
    DivergedException e = catchThrowableOfType(DivergedException.class, () -> toy.run(50));
    assertThat(e).isNotNull();
    assertThat(e.where()).matches("(parameter|the gradient of) (embedding|lstm|dense)\\..*");
    assertThat(toy.trainer.steps()).isEqualTo(e.step() - 1);
  }
}
