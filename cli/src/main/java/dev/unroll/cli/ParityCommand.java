// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.BackendProvider;
import dev.unroll.Ops;
import dev.unroll.Placement;
import dev.unroll.Precision;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import dev.unroll.check.golden.GoldenReport;
import dev.unroll.check.golden.GoldenRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll parity}: compares a backend with another one, or with golden files. */
@Command(
    name = "parity",
    description = "Checks a backend, operation by operation, against another or golden files.")
final class ParityCommand implements Callable<Integer> {
  @Option(names = "--backend", paramLabel = "B", description = "judged (default: auto)")
  private String backend = "auto";

  @Option(
      names = "--against",
      paramLabel = "B",
      description = "what it is compared with (default: cpu-scalar)")
  private String against = "cpu-scalar";

  @Option(names = "--golden", paramLabel = "DIR", description = "compares with the files of DIR")
  private Path golden;

  @Option(names = "--filter", paramLabel = "TEXT", description = "only cases with TEXT in the name")
  private String filter = "";

  @Option(names = "--precision", paramLabel = "P", description = "exact (default) or fast")
  private Precision precision = Precision.EXACT;

  @Option(names = "--report", paramLabel = "FILE", description = "FILE.md or FILE.json")
  private Path report;

  private final Console console;

  ParityCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (report != null) {
      ParityReport.requireKnown(report);
    }
    BackendChoice.requireKnown(backend);
    BackendChoice.requireKnown(against);
    ParityResult result = compare();
    ParityReport.print(console, result);
    if (report != null) {
      ParityReport.write(report, result);
    }
    return result.failed() == 0 ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private ParityResult compare() throws IOException {
    try (Ops judged = BackendChoice.open(backend, new BackendProvider.Options(precision, 0))) {
      return golden == null ? withBackend(judged) : withFiles(judged);
    }
  }

  private ParityResult withFiles(Ops judged) throws IOException {
    if (!Files.isDirectory(golden)) {
      throw CliException.usage("--golden " + golden + ": there is no such folder");
    }
    GoldenReport found = GoldenRunner.run(judged, golden, filter, done -> {});
    Placement placement = judged.placement();
    String inForce = placement.precision().name().toLowerCase(Locale.ROOT);
    return ParityResult.of(placement.backend(), inForce, golden, found);
  }

  private ParityResult withBackend(Ops judged) {
    List<OpCase> cases =
        OpCases.all().stream().filter(test -> test.name().contains(filter)).toList();
    if (cases.isEmpty()) {
      throw CliException.usage("--filter: no case has '" + filter + "' in its name");
    }
    try (Ops reference = BackendChoice.open(against, BackendProvider.Options.DEFAULT)) {
      Parity.Report found = Parity.run(judged, reference, cases, done -> {});
      return ParityResult.of(judged.placement().backend(), found);
    }
  }
}
