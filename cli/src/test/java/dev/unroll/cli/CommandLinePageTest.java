// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** docs/command-line.md has each command with each of its options, and no other. */
class CommandLinePageTest {
  private static final Pattern SECTION = Pattern.compile("(?ms)^## (\\S+)\n(.*?)(?=^## |\\z)");
  private static final Pattern OPTION = Pattern.compile("(?m)^\\| `(--[^`]+)` \\|");

  @Test
  void everyOptionOfEveryCommandIsThere() throws IOException {
    Map<String, TreeSet<String>> built = new LinkedHashMap<>();
    Main.commands(new Console(System.out, System.err, false))
        .getSubcommands()
        .forEach((name, command) -> built.put(name, options(command)));
    String page = Files.readString(Path.of("..", "docs", "command-line.md"));
    Map<String, TreeSet<String>> described = new LinkedHashMap<>();
    SECTION
        .matcher(page)
        .results()
        .forEach(
            section ->
                described.put(
                    section.group(1),
                    new TreeSet<>(
                        OPTION.matcher(section.group(2)).results().map(o -> o.group(1)).toList())));
    assertThat(described).isEqualTo(built);
  }

  /** An option as the page writes it; those that every command has are in its first lines. */
  private static TreeSet<String> options(CommandLine command) {
    List<String> common = List.of("--help", "--version", "--verbose");
    TreeSet<String> options = new TreeSet<>();
    command
        .getCommandSpec()
        .options()
        .forEach(
            option -> {
              boolean value = option.arity().max() > 0;
              if (!common.contains(option.longestName())) {
                options.add(option.longestName() + (value ? " " + option.paramLabel() : ""));
              }
            });
    return options;
  }
}
