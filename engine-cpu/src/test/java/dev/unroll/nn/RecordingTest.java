// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Backend;
import dev.unroll.BackendException;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Recording;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.train.Sgd;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class RecordingTest extends DeviceTest {
  @Test
  void aRunDoesTheSameOnWhatStandsInTheTensorsThen() {
    Tensor x = arena.tensor(new float[] {1, 2}, 1, 2);
    AtomicReference<Tensor> out = new AtomicReference<>();
    try (Recording recording =
        ops.record(
            "sum",
            a -> {
              Tensor constant = a.tensor(new float[] {10, 20}, 1, 2);
              ops.binary(Arithmetic.ADD, x, constant, constant);
              out.set(constant);
            })) {
      assertThat(ops.read(out.get())).containsExactly(11, 22);
      ops.write(new float[] {3, 4}, x);
      recording.run();
      assertThat(ops.read(out.get())).containsExactly(13, 24);
      assertThat(recording.size()).isEqualTo(2);
      assertThat(recording.label()).isEqualTo("sum");
    }
  }

  @Test
  void rowNumbersAreCheckedInEachRun() {
    Tensor table = randomTensor(3, 2);
    Indices rows = arena.indices(new int[] {0, 2});
    try (Recording recording = ops.record("rows", a -> ops.gather(table, rows, a.tensor(2, 2)))) {
      ops.write(new int[] {1, 3}, rows);
      assertThatThrownBy(recording::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("gather: index out of range: value 3 at position 1");
      ops.write(new int[] {1, 1}, rows);
      recording.run();
    }
  }

  @Test
  void whatARunWouldNotRepeatIsRefused() {
    Tensor x = randomTensor(2, 2);
    Indices ids = arena.indices(2);
    refused(a -> ops.read(x), "read: a run of recording 'r' would not do this again");
    refused(a -> ops.arena("more"), "arena: a run of recording 'r'");
    refused(a -> ops.record("inner", b -> {}), "arena: a run of recording 'r'");
    refused(a -> ops.write(new float[4], x), "would write the same to tensor [2x2]");
    refused(a -> ops.write(new float[2], a.tensor(2, 2).cols(0, 1)), "write to a dense tensor");
    refused(a -> ops.write(new int[2], ids), "would write the same to indices [2]");
  }

  @Test
  void anOptimisersStepIsRefused() {
    Parameter p = new Parameter("p", randomTensor(1, 2), randomTensor(1, 2));
    Sgd sgd = new Sgd(arena, List.of(p), Sgd.Settings.PLAIN);
    refused(a -> sgd.step(0.1, null), "write it outside, before each run");
    sgd.step(0.1, null);
  }

  @Test
  void dropoutNeedsAKeyFromOutside() {
    Tensor x = randomTensor(2, 2);
    Dropout dropout = new Dropout(new Initializer(arena, 1), 0.5f);
    Steps steps = Steps.uniform(1, 2);
    refused(
        a -> dropout.forward(Pass.of(a, steps).withDropout(1, 1), x, State.NONE),
        "the key belongs to recording 'r'");
  }

  @Test
  void recomputingIsRefused() {
    Lstm lstm = new Lstm(new Initializer(arena, 1), new Recurrent.Shape(2, 3));
    Tensor x = randomTensor(4, 2);
    refused(
        a -> lstm.forward(Pass.of(a, Steps.uniform(4, 1)).withRecompute(2), x, State.NONE),
        "arena: a run of recording 'r'");
  }

  private void refused(Consumer<Arena> work, String message) {
    assertThatThrownBy(() -> ops.record("r", work))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(message);
    ops.fill(1, arena.tensor(2, 2)); // and nothing is recorded any more
  }

  @Test
  void aRunOnFreedTensorsIsRefused() {
    Arena other = ops.arena("other");
    Tensor x = other.tensor(2, 2);
    ops.fill(1, x);
    Recording recording = ops.record("r", a -> ops.activate(Activation.TANH, x, a.tensor(2, 2)));
    other.close();
    assertThatThrownBy(recording::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("recording 'r' was freed when arena 'other' closed");
    recording.close();
    assertThatThrownBy(recording::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("recording 'r'");
  }

  @Test
  void aClosedRecordingDoesNotRun() {
    Tensor x = arena.tensor(1, 1);
    Recording recording = ops.record("r", a -> ops.fill(1, x));
    recording.close();
    recording.close();
    assertThatThrownBy(recording::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("run: recording 'r' is closed");
  }

  @Test
  void anErrorOfTheDeviceComesAsItIs() {
    try (Ops broken = new Ops(withoutFill());
        Arena own = broken.arena("own")) {
      assertThatThrownBy(() -> broken.record("r", a -> broken.fill(1, own.tensor(2))))
          .isInstanceOf(BackendException.class)
          .hasMessage("broken");
    }
  }

  /** The reference with an operation that fails. */
  private static Backend withoutFill() {
    Backend backend =
        Backends.providers().stream()
            .filter(p -> p.name().equals("cpu-scalar"))
            .findFirst()
            .orElseThrow()
            .open(0, BackendProvider.Options.DEFAULT);
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, operands) -> {
              if (method.getName().equals("fill")) {
                throw new BackendException("broken", false, null);
              }
              return method.invoke(backend, operands);
            });
  }
}
