// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Buffer;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementType;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Clipping;
import dev.unroll.train.Digest;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Rmsprop;
import dev.unroll.train.Sgd;
import dev.unroll.train.Trainer;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a training step costs: launches, graphs, bytes. */
class EmulatedStepTest {
  private static final int COUNT = 64;
  private static final int BATCH = 3;
  private static final int INPUTS = 5;
  private static final int HIDDEN = 7;
  private static final int CLASSES = 6;

  @AfterEach
  void nothingWasReported() {
    Emulated.requireNoReports();
  }

  /** A step of an LSTM layer and a dense one, on new values each time. */
  private static Trainer trainer(Ops ops, Arena arena, Steps... layouts) {
    Initializer init = new Initializer(arena, 42);
    Sequential<Tensor> model =
        Sequential.of("lstm", new Lstm(init, new Recurrent.Shape(INPUTS, HIDDEN)))
            .then("dense", new Dense(init, HIDDEN, CLASSES));
    Adam adam = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
    return new Trainer(
        ops,
        adam,
        Clipping.byNorm(0.5f),
        n -> 0.1 / n,
        (scratch, number) -> {
          Steps steps = layouts[(int) (number % layouts.length)];
          float[] values = new float[steps.rows() * INPUTS];
          int[] targets = new int[steps.rows()];
          for (int i = 0; i < values.length; i++) {
            values[i] = ((i * 37L + number * 11) % 101 - 50) / 32f;
            targets[i / INPUTS] = (int) ((i + number) % CLASSES);
          }
          Pass pass = Pass.of(scratch, steps);
          Tensor x = scratch.tensor(values, steps.rows(), INPUTS);
          Trace trace = model.forward(pass, x, model.zeroState(scratch, BATCH));
          Losses.Loss loss =
              Losses.crossEntropy(
                  scratch, CrossEntropy.MEAN, trace.output(), scratch.indices(targets), null);
          trace.backward(loss.gradient(), State.NONE);
          return loss.value();
        });
  }

  private static Map<String, Long> perStep(Trainer trainer, int steps) {
    Map<String, Long> before = EmulatedDriver.counters();
    int first = trainer.steps();
    trainer.run(first + steps, () -> false);
    Map<String, Long> change = new HashMap<>();
    for (String name : List.of("launches", "graphLaunches", "bytesIn", "bytesOut", "allocations")) {
      long more = EmulatedDriver.counters().get(name) - before.get(name);
      assertThat(more % steps).as(name).isZero();
      change.put(name, more / steps);
    }
    return change;
  }

  @Test
  void steadyStepIsOneGraphAndMovesOnlyTheBatch() throws IOException {
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("model")) {
      Trainer trainer = trainer(ops, arena, Steps.uniform(COUNT, BATCH));
      trainer.run(4, () -> false);
      Map<String, Long> cost = perStep(trainer, 3);
      assertThat(cost).containsEntry("graphLaunches", 1L).containsEntry("launches", 0L);
      assertThat(cost).containsEntry("allocations", 0L);
      long batch = 4L * COUNT * BATCH * (INPUTS + 1);
      assertThat(cost.get("bytesIn")).isBetween(batch, batch + 256);
      assertThat(cost).as("the loss and the norm of the gradient").containsEntry("bytesOut", 8L);
    }
  }

  @Test
  void optimiserIsOneLaunch() throws IOException {
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("model")) {
      Lstm lstm = new Lstm(new Initializer(arena, 42), new Recurrent.Shape(INPUTS, HIDDEN));
      List<Optimizer> optimizers =
          List.of(
              new Adam(arena, lstm.parameters(), Adam.Settings.ADAM),
              new Sgd(arena, lstm.parameters(), new Sgd.Settings(0.9, 0, 0, true)),
              new Rmsprop(arena, lstm.parameters(), Rmsprop.Settings.DEFAULT));
      for (Optimizer optimizer : optimizers) {
        long before = ops.placement().launches();
        optimizer.step(0.1, null);
        assertThat(ops.placement().launches() - before).isEqualTo(1);
      }
    }
  }

  @Test
  void lstmLaunchesTwoKernelsForEachStepForwardAndThreeBackward() throws IOException {
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("layer")) {
      Sequential<Tensor> layer =
          Sequential.of(
              "lstm", new Lstm(new Initializer(arena, 42), new Recurrent.Shape(INPUTS, HIDDEN)));
      Steps steps = Steps.uniform(COUNT, BATCH);
      Tensor x = arena.tensor(new float[steps.rows() * INPUTS], steps.rows(), INPUTS);
      State zero = layer.zeroState(arena, BATCH);
      long start = ops.placement().launches();
      Trace trace = layer.forward(Pass.of(arena, steps), x, zero);
      long forward = ops.placement().launches() - start;
      trace.backward(trace.output(), State.NONE);
      long backward = ops.placement().launches() - start - forward;
      assertThat(forward).isBetween((long) COUNT, 2L * COUNT + 4);
      assertThat(backward).isBetween((long) COUNT, 3L * COUNT + 8);
    }
  }

  @Test
  void eachLengthHasItsGraphAndGivesTheBitsOfTheReference() throws IOException {
    String expected = digest(Backends.open("cpu-scalar"));
    assertThat(digest(Emulated.open(""))).isEqualTo(expected);
    assertThat(Emulated.counter("graphLaunches")).isGreaterThan(8);
    System.setProperty("unroll.cuda.nographs", "true");
    try {
      assertThat(digest(Emulated.open(""))).isEqualTo(expected);
      assertThat(Emulated.counter("graphLaunches")).isZero();
    } finally {
      System.clearProperty("unroll.cuda.nographs");
    }
    System.setProperty("unroll.sync", "true");
    try {
      assertThat(digest(Emulated.open(""))).isEqualTo(expected);
    } finally {
      System.clearProperty("unroll.sync");
    }
  }

  @Test
  void withoutGraphsKernelsAreLaunchedAndThePlacementSaysWhy() throws IOException {
    try (Ops ops = Emulated.open("fail=graph:1");
        Arena arena = ops.arena("model")) {
      Trainer trainer = trainer(ops, arena, Steps.uniform(3, BATCH));
      trainer.run(4, () -> false);
      assertThat(perStep(trainer, 3))
          .containsEntry("graphLaunches", 0L)
          .containsEntry("bytesOut", 8L);
      assertThat(ops.placement().notes())
          .anyMatch(n -> n.startsWith("no graphs: ") && n.contains("CUDA_ERROR_NOT_SUPPORTED"));
    }
  }

  @Test
  void eventsTimeTheDeviceAndNoTimeOfAnEmulatedOneIsTold() throws IOException {
    Emulated.require("");
    try (CudaDevice device = CudaDevice.open(CudaDriver.devices(Emulated.NAME).get(0))) {
      Buffer buffer = device.allocate(ElementType.FLOAT32, 5);
      device.synchronize();
      assertThat(device.milliseconds()).as("nothing was queued").isZero();
      device.write(new float[5], buffer, 0);
      device.synchronize();
      double first = device.milliseconds();
      assertThat(first).isPositive();
      device.read(buffer, 0, 5, new float[5]);
      assertThat(device.milliseconds()).isGreaterThan(first);
      assertThat(device.notes()).contains("device time: not told, the device is emulated");
      device.free(buffer);
    }
  }

  private String digest(Ops opened) {
    try (Ops ops = opened;
        Arena arena = ops.arena("model")) {
      Steps[] layouts = {
        Steps.uniform(3, BATCH), Steps.uniform(5, BATCH), Steps.descending(5, 4, 2)
      };
      Trainer trainer = trainer(ops, arena, layouts);
      trainer.run(18, () -> false);
      return new Digest().add(trainer.losses()).hex();
    }
  }
}
