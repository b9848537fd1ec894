// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.cpu.FunctionCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.commons.numbers.gamma.Erf;
import org.apache.commons.numbers.gamma.Erfc;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll functions}: the error of each elementary function against double precision. */
@Command(
    name = "functions",
    description = "Measures the error of exp, tanh, erf, ... and compares it with the bounds.")
final class FunctionsCommand implements Callable<Integer> {
  @Option(
      names = "--exhaustive",
      description = "all 2^32 inputs of each function, which takes hours, not a dense sample")
  private boolean exhaustive;

  @Option(
      names = "--plot",
      paramLabel = "DIR",
      description = "draws the activations and their slopes into a folder instead")
  private Path plot;

  private final Console console;

  FunctionsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (plot != null) {
      ActivationPlot.write(plot);
      return ExitCode.DONE;
    }
    FunctionCheck check = new FunctionCheck(Erf::value, Erfc::value);
    int threads = Runtime.getRuntime().availableProcessors();
    boolean passed = true;
    console.print(
        "%-22s %13s %10s %16s %6s %-6s %-7s %s",
        "function", "inputs", "worst", "at", "bound", "unit", "vector", "");
    for (String name : check.names()) {
      List<FunctionCheck.Result> results = check.run(name, exhaustive, threads, this::progress);
      for (FunctionCheck.Result result : results) {
        print(result);
        passed &= result.passed();
      }
    }
    return passed ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  private void print(FunctionCheck.Result r) {
    console.print(
        "%-22s %13d %10.4f %16s %6.1f %-6s %-7s %s",
        r.name(),
        r.inputs(),
        r.worst(),
        Float.toHexString(r.worstInput()),
        r.bound(),
        r.unit(),
        r.vector(),
        r.passed() ? "ok" : "FAILED");
  }

  private void progress(String state) {
    if (console.terminal()) {
      console.err().print("\r" + state + "   \r");
      console.err().flush();
    }
  }
}
