// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line. What the commands print and return is a contract that scripts depend on. */
@Command(
    name = "unroll",
    description = "Trains recurrent networks, with the same bits on every backend.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Version.class)
public final class Main implements Callable<Integer> {
  @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "prints stack traces")
  private boolean verbose;

  private Main() {}

  /**
   * Runs a command and ends the JVM.
   *
   * @param args command and options
   */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    int exitCode = run(new Console(out, err, Console.onTerminal()), args);
    out.flush();
    err.flush();
    System.exit(exitCode);
  }

  private static PrintStream utf8(FileDescriptor file) {
    return new PrintStream(new FileOutputStream(file), true, StandardCharsets.UTF_8);
  }

  /**
   * Runs a command.
   *
   * @return the exit code
   */
  static int run(Console console, String... args) {
    CommandLine commands = commands(console);
    try {
      return commands.execute(args);
    } catch (Error e) {
      return Errors.report(e, verbose(commands), console.err());
    }
  }

  /** All commands. */
  static CommandLine commands(Console console) {
    CommandLine commands = new CommandLine(new Main());
    return commands
        .addSubcommand(new TrainCommand(console))
        .addSubcommand(new GenerateCommand(console))
        .addSubcommand(new PredictCommand(console, System.in))
        .addSubcommand(new ParityCommand(console))
        .addSubcommand(new BenchCommand(console))
        .addSubcommand(new TuneCommand(console))
        .addSubcommand(new SoakCommand(console))
        .addSubcommand(new FunctionsCommand(console))
        .addSubcommand(new DoctorCommand(console))
        .addSubcommand(new RecipesCommand(console))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(console.out(), true))
        .setErr(new PrintWriter(console.err(), true))
        .setParameterExceptionHandler((e, given) -> Errors.wrongUsage(e, console.err()))
        .setExecutionExceptionHandler(
            (e, command, result) -> Errors.report(e, verbose(commands), console.err()));
  }

  private static boolean verbose(CommandLine commands) {
    return ((Main) commands.getCommand()).verbose;
  }

  @Override
  public Integer call() {
    throw CliException.usage(
        "no command given; 'unroll train' trains a language model\nhelp:  unroll --help");
  }
}
