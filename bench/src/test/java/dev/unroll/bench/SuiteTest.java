// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.check.TimedCases;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SuiteTest {
  private static final Suite.Effort LITTLE = new Suite.Effort(0, 0, 3, 3);

  private static final Benchmark SMALL =
      new OpBenchmark(TimedCases.products().get(0), Benchmark.Group.PRODUCTS, false);

  private static List<Measured> run(Map<String, Ops> backends, Benchmark... benchmarks) {
    List<Measured> heard = new ArrayList<>();
    List<Measured> found = new Suite(backends, null, LITTLE).run(List.of(benchmarks), heard::add);
    assertThat(heard).isEqualTo(found);
    return found;
  }

  /** The backend computes what another operation would give. */
  private record Mistaken(Benchmark right, Benchmark computed) implements Benchmark {
    @Override
    public String name() {
      return right.name();
    }

    @Override
    public Group group() {
      return right.group();
    }

    @Override
    public Work work() {
      return right.work();
    }

    @Override
    public Prepared prepare(Ops ops, Arena arena) {
      boolean reference = ops.placement().backend().equals("cpu-scalar");
      return (reference ? right : computed).prepare(ops, arena);
    }
  }

  @Test
  void timesEachBackendAndCountsItsWork() {
    try (Ops cpu = Backends.open("cpu");
        Ops scalar = Backends.open("cpu-scalar")) {
      Map<String, Ops> backends = new LinkedHashMap<>();
      backends.put("cpu", cpu);
      backends.put("cpu-scalar", scalar);
      List<Measured> found = run(backends, SMALL);
      assertThat(found).extracting(Measured::backend).containsExactly("cpu", "cpu-scalar");
      for (Measured m : found) {
        assertThat(m.problem()).isEmpty();
        assertThat(m.samples().count()).isEqualTo(3);
        assertThat(m.launches()).isEqualTo(1);
        assertThat(m.moved()).isZero();
        assertThat(m.gflops()).isEqualTo(2 * 256 * 256 * 256 / m.samples().median());
      }
    }
  }

  @Test
  void wrongResultsAreNotTimed() {
    Benchmark other =
        new OpBenchmark(TimedCases.products().get(3), Benchmark.Group.PRODUCTS, false);
    Benchmark unknown = new Renamed(new Mistaken(SMALL, other));
    try (Ops cpu = Backends.open("cpu")) {
      List<Measured> found = run(Map.of("cpu", cpu), unknown, SMALL);
      assertThat(found.get(0).problem()).startsWith("WRONG: digest ");
      assertThat(found.get(0).timed()).isFalse();
      assertThat(found.get(1).timed()).isTrue();
      assertThat(report(found).allRight()).isFalse();
      assertThat(report(found.subList(1, 2)).allRight()).isTrue();
    }
  }

  private static BenchReport report(List<Measured> results) {
    return new BenchReport(Map.of(), null, results, List.of(), List.of());
  }

  /** Under another name no digest is recorded, so that the reference is computed. */
  private record Renamed(Benchmark of) implements Benchmark {
    @Override
    public String name() {
      return "a case of this test";
    }

    @Override
    public Group group() {
      return of.group();
    }

    @Override
    public Work work() {
      return of.work();
    }

    @Override
    public Prepared prepare(Ops ops, Arena arena) {
      return of.prepare(ops, arena);
    }
  }

  @Test
  void emulatedDevicesAreListedOnly() {
    try (Ops cpu = Backends.open("cpu")) {
      Measured found = run(Map.of("cpu-emulated", cpu), SMALL).get(0);
      assertThat(found.problem()).isEqualTo("emulated: not timed");
      assertThat(found.timed()).isFalse();
      assertThat(TextTable.line(found)).contains("emulated").doesNotContain("GF");
    }
  }

  @Test
  void namesAreUniqueAndQuickCasesAreSomeOfAll() {
    List<String> all = Cases.all().stream().map(Benchmark::name).toList();
    List<String> quick = Cases.quick().stream().map(Benchmark::name).toList();
    assertThat(new HashSet<>(all)).hasSameSizeAs(all);
    assertThat(all).containsAll(quick);
    assertThat(quick).hasSizeBetween(11, all.size() / 2);
    assertThat(all).filteredOn(n -> n.endsWith(" cold")).hasSize(4);
  }

  /** By hand: the LSTM of case v reads 256 inputs and needs no gradient of them. */
  @Test
  void workIsCountedAsTheProductsNeedIt() {
    TrainingCase v = Cases.NETWORKS.get(5);
    assertThat(v.parameters()).isEqualTo(1024 * 512 + 2 * 1024);
    assertThat(v.forwardFlops()).isEqualTo(2L * 3200 * 1024 * 512);
    assertThat(v.trainingFlops()).isEqualTo(3 * v.forwardFlops() - 2L * 3200 * 1024 * 256);
    TrainingCase iii = Cases.NETWORKS.get(3);
    assertThat(iii.parameters()).isEqualTo(4_769_552 + 2 * 1024);
  }
}
