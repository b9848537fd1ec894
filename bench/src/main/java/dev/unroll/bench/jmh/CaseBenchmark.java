// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench.jmh;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.bench.Benchmark;
import dev.unroll.bench.Cases;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The table of {@link Cases} under JMH, each case of each backend in a process of its own. With
 * {@code -p name=...} any other case, with {@code -p backend=...} any backend.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-XX:+UseParallelGC"})
public class CaseBenchmark {
  /** The backend. */
  @Param({"cpu", "opencl"})
  public String backend;

  /** The case. */
  @Param({
    "matmul 256x256x256",
    "matmul 64x256x1024",
    "matmul 1x256x1024",
    "activate tanh 64x10000",
    "softmax 64x10000",
    "crossEntropyWithGrad 64x10000",
    "lstmSequence 50 steps of 64 rows H=256",
    "forward i RNN 128 V=1000 T=20 SGD B=1",
    "train i RNN 128 V=1000 T=20 SGD B=1",
    "train i RNN 128 V=1000 T=20 SGD B=32",
    "train ii LSTM 128 V=96 T=64 Adam B=32",
    "train iii 2xLSTM 256 V=10000 T=32 Adam B=32",
    "train iv GRU 256 T=50 Adam B=64",
    "train v LSTM 256 T=50 Adam B=64"
  })
  public String name;

  private Ops ops;
  private Arena arena;
  private Benchmark.Prepared prepared;

  /** Opens the backend and makes the operands. */
  @Setup
  public void prepare() {
    ops = Backends.open(backend);
    arena = ops.arena("jmh");
    prepared = Cases.named(name).prepare(ops, arena);
  }

  /** Runs the case once and waits for the device. */
  @org.openjdk.jmh.annotations.Benchmark
  public void run() {
    prepared.launch();
    ops.synchronize();
  }

  /** Closes the backend. */
  @TearDown
  public void close() {
    arena.close();
    ops.close();
  }
}
