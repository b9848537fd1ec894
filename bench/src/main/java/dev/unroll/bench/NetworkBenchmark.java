// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.train.Digest;

/**
 * A training step, or a forward pass, of a network.
 *
 * @param test the network
 * @param training whether it is trained
 */
public record NetworkBenchmark(TrainingCase test, boolean training) implements Benchmark {
  /** Steps whose losses are part of the digest; all batches but one. */
  private static final int CHECKED_STEPS = 3;

  @Override
  public String name() {
    return (training ? "train " : "forward ") + test.name() + " B=" + test.batch();
  }

  @Override
  public Group group() {
    return training ? Group.TRAINING : Group.FORWARD;
  }

  @Override
  public Work work() {
    return training
        ? new Work(test.trainingFlops(), test.trainingBytes())
        : new Work(test.forwardFlops(), 4 * test.parameters());
  }

  @Override
  public Prepared prepare(Ops ops, Arena arena) {
    TrainingRun run = test.open(arena);
    return training ? new Steps(ops, run) : new Forward(ops, run, test);
  }

  private record Steps(Ops ops, TrainingRun run) implements Prepared {
    @Override
    public void launch() {
      run.step(null);
    }

    @Override
    public String digest() {
      Digest digest = new Digest();
      try (Arena arena = ops.arena("losses")) {
        Tensor loss = arena.tensor(1, 1);
        for (int i = 0; i < CHECKED_STEPS; i++) {
          run.step(loss);
          digest.add(ops.read(loss));
        }
      }
      return digest.add(ops, run.parameters()).hex();
    }
  }

  private record Forward(Ops ops, TrainingRun run, TrainingCase test) implements Prepared {
    @Override
    public void launch() {
      run.forward(null);
    }

    @Override
    public String digest() {
      try (Arena arena = ops.arena("output")) {
        Tensor output = arena.tensor(test.outputRows(), test.outputCols());
        run.forward(output);
        return new Digest().add(ops.read(output)).hex();
      }
    }
  }
}
