// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Stands for a command that is settled but not built yet. */
@Command(description = "Not built yet.")
final class NotBuilt implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Whatever the command is called with, the answer is the same. */
  static CommandLine command() {
    return new CommandLine(new NotBuilt()).setUnmatchedArgumentsAllowed(true);
  }

  @Override
  public Integer call() {
    throw CliException.notBuilt(spec.qualifiedName());
  }
}
