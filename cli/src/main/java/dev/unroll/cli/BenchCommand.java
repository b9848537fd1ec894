// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.bench.Bench;
import dev.unroll.bench.BenchReport;
import dev.unroll.bench.Benchmark;
import dev.unroll.bench.Cases;
import dev.unroll.bench.Comparison;
import dev.unroll.bench.Guard;
import dev.unroll.bench.Peers;
import dev.unroll.io.AtomicFiles;
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
  /** System property: the folder in which the launcher has built the peers. */
  private static final String PEERS = "unroll.peers";

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
      names = "--report",
      paramLabel = "FILE",
      description = "writes a page with charts to FILE.html; adds the scaling curves")
  private Path page;

  @Option(
      names = "--compare",
      paramLabel = "OLD.json NEW.json",
      arity = "2",
      description = "compares two files of --json; exit 1 if something became slower")
  private List<Path> compared;

  @Option(
      names = "--guard",
      description = "checks that no kernel of cpu falls off a cliff of the JVM")
  private boolean guard;

  @Option(
      names = "--peers",
      description = "compares with PyTorch and DL4J; half a gigabyte is fetched the first time")
  private boolean peers;

  private final Console console;

  BenchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (compared != null) {
      return compareReports();
    }
    if (guard) {
      return Guard.run(console.out()::println) ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }
    List<Benchmark> cases = cases();
    return peers ? compareWithPeers(cases) : measure(cases);
  }

  private int measure(List<Benchmark> cases) throws IOException {
    Map<String, Ops> open = new LinkedHashMap<>();
    try {
      for (String id : backends.isEmpty() ? usable() : backends) {
        open.put(id, BackendChoice.open(id, BackendProvider.Options.DEFAULT));
      }
      open.forEach((id, ops) -> console.print("%s: %s", id, ops.name()));
      BenchReport report = new Bench(open, quick, console.out()::println).run(cases, page != null);
      if (json != null) {
        Json.write(json, report.toJson());
      }
      if (page != null) {
        AtomicFiles.writeText(page, report.toHtml());
      }
      return report.allRight() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    } finally {
      open.values().forEach(Ops::close);
    }
  }

  private int compareReports() throws IOException {
    Comparison comparison = new Comparison(compared.get(0), compared.get(1));
    comparison.text().forEach(console.out()::println);
    return comparison.slower() ? ExitCode.CHECK_FAILED : ExitCode.DONE;
  }

  private int compareWithPeers(List<Benchmark> cases) throws IOException {
    String folder = System.getProperty(PEERS);
    if (folder == null) {
      throw CliException.usage("--peers: start it with ./unroll, which builds the peers");
    }
    List<String> own = backends.isEmpty() ? List.of("cpu") : backends;
    own.forEach(BackendChoice::requireKnown);
    Peers comparison = new Peers(Path.of(folder), quick, console.out()::println);
    List<Map<String, Object>> results = comparison.run(own, cases);
    if (json != null) {
      Json.write(json, results);
    }
    return comparison.agreed() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
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
