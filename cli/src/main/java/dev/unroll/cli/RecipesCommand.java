// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code unroll recipes}: lists the example networks. */
@Command(name = "recipes", description = "Lists the example networks that 'train' knows.")
final class RecipesCommand implements Callable<Integer> {
  private final Console console;

  RecipesCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    for (Recipe recipe : Recipes.ALL) {
      console.print("%-16s %s", recipe.name(), recipe.summary());
    }
    return ExitCode.DONE;
  }
}
