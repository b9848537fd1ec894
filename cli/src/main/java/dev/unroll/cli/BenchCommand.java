// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.bench.Bench;
import dev.unroll.bench.BenchReport;
import dev.unroll.bench.Benchmark;
import dev.unroll.bench.Cases;
import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll bench}: times operations and training steps. */
@Command(name = "bench", description = "Times operations and training steps on each backend.")
final class BenchCommand implements Callable<Integer> {
  @Option(
      names = "--backend",
      paramLabel = "B",
      split = ",",
      description = "one or more, with commas (default: all usable ones but cpu-scalar)")
  private List<String> backends = new ArrayList<>();

  @Option(names = "--case", paramLabel = "TEXT", description = "only cases with TEXT in the name")
  private String filter = "";

  @Option(names = "--quick", description = "a few cases, little time for each")
  private boolean quick;

  @Option(names = "--json", paramLabel = "FILE", description = "writes the figures to FILE")
  private Path json;

  @Option(
      names = {"--guard", "--peers", "--compare", "--report"},
      arity = "0..2",
      description = "not built yet")
  private List<String> later;

  private final Console console;

  BenchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (later != null) {
      throw CliException.notBuilt("this option of bench");
    }
    List<Benchmark> cases = cases();
    Map<String, Ops> open = new LinkedHashMap<>();
    try {
      for (String id : backends.isEmpty() ? usable() : backends) {
        open.put(id, BackendChoice.open(id, BackendProvider.Options.DEFAULT));
      }
      open.forEach((id, ops) -> console.print("%s: %s", id, ops.name()));
      BenchReport report = new Bench(open, quick, console.out()::println).run(cases);
      if (json != null) {
        Json.write(json, report.toJson());
      }
      return report.allRight() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    } finally {
      open.values().forEach(Ops::close);
    }
  }

  private List<Benchmark> cases() {
    List<Benchmark> table = quick && filter.isEmpty() ? Cases.quick() : Cases.all();
    List<Benchmark> cases = table.stream().filter(b -> b.name().contains(filter)).toList();
    if (cases.isEmpty()) {
      throw CliException.usage("--case " + filter + ": no case has that in its name");
    }
    return cases;
  }

  private static List<String> usable() {
    return Backends.providers().stream()
        .filter(p -> p.probe().usable() && !p.name().equals("cpu-scalar"))
        .map(BackendProvider::name)
        .toList();
  }
}
