// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The page that says what shows each item of the articles names tests and commands that exist. */
class CoverageTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern NAMED_TEST = Pattern.compile("`(\\w+)#(\\w+)`");
  private static final Pattern NAMED_COMMAND = Pattern.compile("`\\./unroll ([^`]+)`");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| ([A-K]\\d+) \\|.*\\| (.+) \\|$");

  /** How many items each group has. */
  private static final Map<String, Integer> ITEMS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("A", 22),
              Map.entry("B", 13),
              Map.entry("C", 13),
              Map.entry("D", 5),
              Map.entry("E", 19),
              Map.entry("F", 9),
              Map.entry("G", 12),
              Map.entry("H", 4),
              Map.entry("I", 12),
              Map.entry("J", 6),
              Map.entry("K", 7)));

  private String page;

  @BeforeEach
  void read() throws IOException {
    page = Files.readString(ROOT.resolve("docs/coverage.md"));
  }

  private static List<MatchResult> all(Pattern pattern, String text) {
    return pattern.matcher(text).results().toList();
  }

  @Test
  void everyItemHasOneRowThatSaysWhatShowsIt() {
    List<String> expected = new ArrayList<>();
    ITEMS.forEach(
        (group, n) -> Stream.iterate(1, i -> i + 1).limit(n).forEach(i -> expected.add(group + i)));
    assertThat(all(ROW, page)).extracting(row -> row.group(1)).isEqualTo(expected);
    assertThat(all(ROW, page))
        .allSatisfy(
            row -> assertThat(row.group(2)).containsPattern("#|\\./unroll|\\]\\(|^outside"));
  }

  @Test
  void everyTestExists() throws IOException {
    List<Path> sources;
    try (Stream<Path> files = Files.walk(ROOT)) {
      sources = files.filter(f -> f.toString().contains("/src/test/java/")).toList();
    }
    List<String> missing = new ArrayList<>();
    for (MatchResult named : all(NAMED_TEST, page)) {
      boolean found = false;
      for (Path source : sources) {
        found |=
            source.endsWith(named.group(1) + ".java")
                && isTest(Files.readString(source), named.group(2));
      }
      if (!found) {
        missing.add(named.group());
      }
    }
    assertThat(missing).isEmpty();
  }

  /** A declaration of that name, and an annotation that makes it a test in the same paragraph. */
  private static boolean isTest(String source, String method) {
    for (String paragraph : source.split("\n\n")) {
      if (Pattern.compile("(?m)^  [\\w<>. ]+ " + method + "\\(").matcher(paragraph).find()
          && paragraph.matches("(?s).*@(Test|ParameterizedTest|TestFactory)\\b.*")) {
        return true;
      }
    }
    return false;
  }

  @Test
  void everyCommandIsUnderstood() {
    for (MatchResult named : all(NAMED_COMMAND, page)) {
      String[] words = named.group(1).split(" ");
      if (words[0].equals("train")) {
        Recipes.byName(words[1]);
      }
      Object[] askingForHelp = Stream.concat(Stream.of(words), Stream.of("--help")).toArray();
      assertThat(Cli.run(askingForHelp).err()).as(named.group()).isEmpty();
    }
  }
}
