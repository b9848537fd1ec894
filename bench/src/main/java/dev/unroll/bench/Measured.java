// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.bench.Benchmark.Group;
import dev.unroll.bench.Benchmark.Work;

/**
 * What was found of a benchmark on a backend.
 *
 * @param name the benchmark
 * @param group its kind of work
 * @param backend the backend, as it was asked for
 * @param work what one run does
 * @param problem why there is no time: wrong results, or not run; empty if there is
 * @param samples times of one run; null with a problem
 * @param launches kernels launched, or operations, by one run
 * @param moved bytes copied to and from the device by one run
 * @param share of the roofline's speed; NaN where there is no roofline for the device
 * @param foreignLoad share of all processors that others used meanwhile
 */
record Measured(
    String name,
    Group group,
    String backend,
    Work work,
    String problem,
    Samples samples,
    long launches,
    long moved,
    double share,
    double foreignLoad) {
  /** Whether it has a time. */
  boolean timed() {
    return samples != null;
  }

  double gflops() {
    return work.flops() / samples.median();
  }

  double gigabytes() {
    return work.bytes() / samples.median();
  }
}
