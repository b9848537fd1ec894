// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import dev.unroll.Ops;
import dev.unroll.kernels.DeviceBackend;
import dev.unroll.kernels.Tuner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll tune}: measures what suits a device, and stores it for this user. */
@Command(
    name = "tune",
    description = "Measures which settings are fast on a device, and stores them for later runs.")
final class TuneCommand implements Callable<Integer> {
  @Option(names = "--backend", paramLabel = "B", description = "default: auto")
  private String backend = "auto";

  private final Console console;

  TuneCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Backend opened = BackendChoice.openUnchecked(backend, BackendProvider.Options.DEFAULT);
    try (Ops ops = new Ops(opened)) {
      String name = ops.placement().backend();
      if (opened instanceof DeviceBackend device) {
        return tune(name, new Tuner(ops, device));
      }
      console.print("tune backend=%s: there is nothing to tune", name);
      return ExitCode.DONE;
    }
  }

  private int tune(String name, Tuner tuner) throws IOException {
    console.print("%-22s %-12s %8s", "setting", "value", "time");
    List<Tuner.Trial> wrong = new ArrayList<>();
    Map<String, String> settings =
        tuner.run(
            trial -> {
              print(trial);
              if (!trial.equal()) {
                wrong.add(trial);
              }
            });
    console.print("stored in %s", tuner.store(settings));
    console.print("tune backend=%s settings=%s", name, settings);
    return wrong.isEmpty() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private void print(Tuner.Trial trial) {
    String verdict = !trial.equal() ? "OTHER BITS" : trial.taken() ? "taken" : "";
    String line =
        Console.format(
            "%-22s %-12s %8.3f %s", trial.key(), trial.value(), trial.relative(), verdict);
    console.print("%s", line.stripTrailing());
  }
}
