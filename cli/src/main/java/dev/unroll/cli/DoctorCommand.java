// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Availability;
import dev.unroll.BackendException;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.cuda.EmulatedDriver;
import dev.unroll.io.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll doctor}: which backends work here, and what would make the others work. */
@Command(name = "doctor", description = "Says what works on this computer, and what to do.")
final class DoctorCommand implements Callable<Integer> {
  @Option(names = "--backend", paramLabel = "B", description = "demands that this one works")
  private String backend;

  @Option(names = "--json", description = "prints JSON")
  private boolean json;

  @Option(names = "--build-emulator", description = "first builds the emulated CUDA driver")
  private boolean buildEmulator;

  private final Console console;

  DoctorCommand(Console console) {
    this.console = console;
  }

  /** What is known of one backend. */
  private record Finding(
      String name, boolean usable, List<String> devices, String reason, String remedy) {
    Map<String, Object> toJson() {
      Map<String, Object> tree = new LinkedHashMap<>();
      tree.put("name", name);
      tree.put("usable", usable);
      tree.put("devices", devices);
      tree.put("reason", reason);
      tree.put("remedy", remedy);
      return tree;
    }
  }

  @Override
  public Integer call() {
    if (buildEmulator) {
      buildEmulator();
    }
    BackendException unusable = backend == null ? null : tryToOpen();
    List<Finding> findings = findings();
    Map<String, Object> machine = Machine.facts();
    if (json) {
      printJson(machine, findings);
    } else {
      printText(machine, findings);
    }
    if (unusable != null) {
      throw unusable;
    }
    return ExitCode.DONE;
  }

  private static void buildEmulator() {
    try {
      EmulatedDriver.build();
    } catch (IOException e) {
      throw new BackendException("cuda-emulated: " + e.getMessage(), true, e);
    }
  }

  /** Why the backend asked for cannot be used, or null if it can. */
  private BackendException tryToOpen() {
    try (Ops opened = BackendChoice.open(backend, BackendProvider.Options.DEFAULT)) {
      opened.synchronize();
      return null;
    } catch (BackendException e) {
      return e;
    }
  }

  private static List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    for (BackendProvider provider : Backends.providers()) {
      Availability found = provider.probe();
      findings.add(
          new Finding(
              provider.name(), found.usable(), found.devices(), found.reason(), found.remedy()));
    }
    return findings;
  }

  private void printJson(Map<String, Object> machine, List<Finding> findings) {
    Map<String, Object> tree = new LinkedHashMap<>(machine);
    tree.put("backends", findings.stream().map(Finding::toJson).toList());
    console.out().print(Json.toText(tree));
  }

  private void printText(Map<String, Object> machine, List<Finding> findings) {
    machine.forEach((name, value) -> console.print("%-18s %s", name.replace('_', ' '), value));
    if (Boolean.FALSE.equals(machine.get("vector_module"))) {
      console.print("%-18s add --add-modules jdk.incubator.vector: many times faster", "");
    }
    if (Boolean.FALSE.equals(machine.get("fma_hardware"))) {
      console.print(
          "%-18s no FMA hardware is used: the CPU backends are about 150 times slower", "");
    }
    console.print("");
    for (Finding finding : findings) {
      printFinding(finding);
    }
  }

  private void printFinding(Finding finding) {
    String state =
        finding.usable() ? "usable: " + String.join(", ", finding.devices()) : "not usable";
    console.print("%-18s %s", finding.name(), state);
    for (String line : new String[] {finding.reason(), finding.remedy()}) {
      if (!line.isEmpty()) {
        console.print("%-18s %s", "", line);
      }
    }
  }
}
