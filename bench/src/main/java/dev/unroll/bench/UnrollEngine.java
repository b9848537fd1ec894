// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Precision;
import dev.unroll.Tensor;
import java.io.IOException;
import java.util.Arrays;

/** This engine, as the peers see it. */
final class UnrollEngine implements Engine {
  private final Ops ops;

  private UnrollEngine(Ops ops) {
    this.ops = ops;
  }

  /**
   * Serves a backend.
   *
   * @param args backend and number of threads
   * @throws IOException if the input cannot be read
   */
  public static void main(String[] args) throws IOException {
    int threads = Integer.parseInt(args[1]);
    try (Ops ops = Backends.open(args[0], new BackendProvider.Options(Precision.EXACT, threads))) {
      EngineServer.serve(new UnrollEngine(ops), System.in, System.out);
    }
  }

  @Override
  public String name() {
    return ops.name();
  }

  @Override
  public Run open(String name) {
    Benchmark benchmark = Cases.named(name);
    return benchmark instanceof NetworkBenchmark network
        ? new NetworkRun(network)
        : new OpRun(benchmark);
  }

  private class OpRun implements Run {
    private final Arena arena = ops.arena("peers");
    private final Benchmark.Prepared prepared;

    OpRun(Benchmark benchmark) {
      prepared = benchmark.prepare(ops, arena);
    }

    @Override
    public final void once() {
      prepared.launch();
    }

    @Override
    public final void await() {
      ops.synchronize();
    }

    @Override
    public float[] check() {
      return new float[0];
    }

    @Override
    public final void close() {
      arena.close();
    }
  }

  private final class NetworkRun extends OpRun {
    private final NetworkBenchmark network;

    NetworkRun(NetworkBenchmark network) {
      super(network);
      this.network = network;
    }

    @Override
    public float[] check() {
      try (Arena arena = ops.arena("check")) {
        TrainingRun run = network.test().open(arena);
        return network.training() ? losses(arena, run) : outputs(arena, run);
      }
    }

    private float[] losses(Arena arena, TrainingRun run) {
      Tensor loss = arena.tensor(1, 1);
      float[] losses = new float[CHECKED];
      for (int i = 0; i < CHECKED; i++) {
        run.step(loss);
        losses[i] = ops.read(loss)[0];
      }
      return losses;
    }

    private float[] outputs(Arena arena, TrainingRun run) {
      Tensor output = arena.tensor(network.test().outputRows(), network.test().outputCols());
      run.forward(output);
      return Arrays.copyOf(ops.read(output), CHECKED);
    }
  }
}
