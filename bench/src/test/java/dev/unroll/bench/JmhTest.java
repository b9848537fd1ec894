// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.bench.jmh.CaseBenchmark;
import java.util.Arrays;
import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class JmhTest {
  @Test
  void oneIterationRuns() throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(CaseBenchmark.class.getName())
                    .param("backend", "cpu")
                    .param("name", "matmul 32x128x512")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(50))
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertThat(results).hasSize(1);
    assertThat(results.iterator().next().getPrimaryResult().getScore()).isPositive();
  }

  @Test
  void itsCasesAreInTheTable() throws NoSuchFieldException {
    Param names = CaseBenchmark.class.getField("name").getAnnotation(Param.class);
    assertThat(Cases.all()).extracting(Benchmark::name).containsAll(Arrays.asList(names.value()));
  }
}
