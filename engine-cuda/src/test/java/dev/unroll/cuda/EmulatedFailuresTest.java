// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Arena;
import dev.unroll.BackendException;
import dev.unroll.Backends;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Checkpoint;
import dev.unroll.train.Clipping;
import dev.unroll.train.Digest;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What fails below a training run: a clear error, nothing left behind, and a run that goes on. */
class EmulatedFailuresTest {
  private static final String BACKEND = "cuda-emulated";
  private static final int ALL_STEPS = 5;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void load() throws IOException {
    PlantedContext.load("");
    file = folder.resolve("checkpoint.safetensors");
  }

  @AfterEach
  void nothingIsLeft() {
    EmulatedDriver.configure("");
    assertThat(EmulatedDriver.counters().get("contexts")).isZero();
    assertThat(EmulatedDriver.counters().get("liveBytes")).isZero();
    assertThat(EmulatedDriver.reports()).isEmpty();
  }

  /** A small language model in training, with a checkpoint after each step. */
  private static final class Run {
    private static final int CLASSES = 5;
    private static final int BATCH = 3;
    private static final int STEPS = 4;

    private final Ops ops;
    private final Sequential<Indices> model;
    private final State carried;
    private final Optimizer optimizer;
    private final Trainer trainer;

    Run(Ops ops, Arena arena) {
      this.ops = ops;
      Initializer init = new Initializer(arena, 42);
      model =
          Sequential.of("embedding", new Embedding(init, CLASSES, 3))
              .then("lstm", new Lstm(init, new Recurrent.Shape(3, 7)))
              .then("dense", new Dense(init, 7, CLASSES));
      carried = model.zeroState(arena, BATCH);
      optimizer = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
      trainer = new Trainer(ops, optimizer, Clipping.byNorm(0.5f), n -> 0.1, this::step);
    }

    private Tensor step(Arena scratch, long number) {
      int[] inputs = new int[BATCH * STEPS];
      int[] targets = new int[BATCH * STEPS];
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = (int) ((number + 2L * i) % CLASSES);
        targets[i] = (inputs[i] + 2) % CLASSES;
      }
      Pass pass = Pass.of(scratch, Steps.uniform(STEPS, BATCH));
      Trace trace = model.forward(pass, scratch.indices(inputs), carried);
      Losses.Loss loss =
          Losses.crossEntropy(
              scratch, CrossEntropy.MEAN, trace.output(), scratch.indices(targets), null);
      trace.backward(loss.gradient(), State.NONE);
      trace.finalState().copyTo(ops, carried);
      return loss.value();
    }

    void run(int until, Path checkpoint) throws IOException {
      while (trainer.steps() < until) {
        trainer.run(trainer.steps() + 1, () -> false);
        Checkpoint.Progress progress =
            new Checkpoint.Progress(42, trainer.steps(), trainer.losses(), Map.of());
        Checkpoint.write(checkpoint, ops, progress, optimizer, carried);
      }
    }

    int resume(Path checkpoint) throws IOException {
      try (Checkpoint saved = Checkpoint.open(checkpoint)) {
        saved.restore(ops, optimizer, carried);
        trainer.resume(saved.progress().losses());
        return trainer.steps();
      }
    }

    String digest() {
      return new Digest().add(trainer.losses()).add(ops, model.parameters()).hex();
    }
  }

  private String undisturbed(String backend) throws IOException {
    try (Ops ops = Backends.open(backend);
        Arena arena = ops.arena("undisturbed")) {
      Run run = new Run(ops, arena);
      run.run(ALL_STEPS, folder.resolve("undisturbed.safetensors"));
      return run.digest();
    }
  }

  /** How many of these events an undisturbed run of so many steps has. */
  private long count(String counter, int steps) throws IOException {
    EmulatedDriver.configure("");
    runTo(steps);
    return EmulatedDriver.counters().get(counter);
  }

  private void runTo(int steps) throws IOException {
    try (Ops ops = Backends.open(BACKEND);
        Arena arena = ops.arena("run")) {
      new Run(ops, arena).run(steps, file);
    }
  }

  private void goesOn(String backend, String digest) throws IOException {
    try (Ops ops = Backends.open(backend);
        Arena arena = ops.arena("resumed")) {
      Run run = new Run(ops, arena);
      assertThat(run.resume(file)).isEqualTo(3);
      run.run(ALL_STEPS, folder.resolve("resumed.safetensors"));
      assertThat(run.digest()).isEqualTo(digest);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "launch, CUDA_ERROR_LAUNCH_FAILED (719)",
    "illegal, CUDA_ERROR_ILLEGAL_ADDRESS (700)",
    "lost, CUDA_ERROR_UNKNOWN (999)"
  })
  void kernelsFailInsideAStep(String failure, String error) throws IOException {
    long inTheFourthStep = (count("kernels", 3) + count("kernels", 4)) / 2;
    String digest = undisturbed("cpu-scalar");
    EmulatedDriver.configure("fail=" + failure + ":" + inTheFourthStep);
    assertThatThrownBy(() -> runTo(ALL_STEPS))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining(BACKEND)
        .hasMessageContaining(error);
    nothingIsLeft();
    goesOn("cpu-scalar", digest);
    goesOn(BACKEND, digest);
  }

  /** Told by the next wait, or by the next command. */
  @ParameterizedTest
  @ValueSource(strings = {"defer=on", "defer=off"})
  void failuresNameTheLaunchesSinceTheLastWait(String settings) throws IOException {
    long half = count("kernels", 1) / 2;
    EmulatedDriver.configure(settings + ",fail=illegal:" + half);
    assertThatThrownBy(() -> runTo(1))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS (700)")
        .hasMessageContaining("-Dunroll.sync=true")
        .hasMessageMatching("(?s).*launches[^:]*: (\\w+( x \\d+)?, )+.*");
  }

  @Test
  void waitingForEachNamesTheOneThatFailed() throws IOException {
    long half = count("kernels", 1) / 2;
    System.setProperty("unroll.sync", "true");
    try {
      EmulatedDriver.configure("fail=launch:" + half);
      assertThatThrownBy(() -> runTo(1))
          .isInstanceOf(BackendException.class)
          .hasMessageMatching(
              "(?s).*launches failed: \\w+ on Grid\\[[^]]*]: CUDA_ERROR_LAUNCH_FAILED \\(719\\): .*");
    } finally {
      System.clearProperty("unroll.sync");
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 1})
  void memoryEnds(double fraction) throws IOException {
    long allocations = count("allocations", 2);
    EmulatedDriver.configure("fail=alloc:" + (1 + Math.round(fraction * (allocations - 1))));
    assertThatThrownBy(() -> runTo(2))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY (2)");
    nothingIsLeft();
    assertThat(undisturbed(BACKEND)).isEqualTo(undisturbed("cpu-scalar"));
  }

  @Test
  void aDeviceWithTooLittleMemory() {
    EmulatedDriver.configure("memory=1K");
    assertThatThrownBy(() -> runTo(1))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY (2)");
  }
}
