// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Java programs in docs/ compile and run; a text block behind one is exactly what it prints. */
class DocsTest {
  private static final Pattern PROGRAM =
      Pattern.compile(
          "```java\n(.*?public class (\\w+).*?)```(?:[^`]*```text\n(.*?)```)?", Pattern.DOTALL);

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> programsDoWhatThePageSays() throws IOException {
    try (Stream<Path> pages = Files.list(Path.of("..", "docs"))) {
      return pages.filter(p -> p.toString().endsWith(".md")).sorted().toList().stream()
          .flatMap(this::programs);
    }
  }

  private Stream<DynamicTest> programs(Path page) {
    Matcher matcher = PROGRAM.matcher(read(page));
    return matcher
        .results()
        .map(
            found ->
                DynamicTest.dynamicTest(
                    page.getFileName() + ": " + found.group(2),
                    () -> {
                      String printed = run(found.group(2), found.group(1));
                      if (found.group(3) != null) {
                        assertThat(printed.strip()).isEqualTo(found.group(3).strip());
                      }
                    }));
  }

  @Test
  void gettingStartedTakesThirtyLines() {
    Matcher program = PROGRAM.matcher(read(Path.of("..", "docs", "getting-started.md")));
    assertThat(program.find()).isTrue();
    assertThat(program.group(1).lines().count()).isLessThanOrEqualTo(30);
  }

  @Test
  void everyBlockOfJavaIsSuchAProgram() throws IOException {
    try (Stream<Path> pages = Files.list(Path.of("..", "docs"))) {
      for (Path page : pages.filter(p -> p.toString().endsWith(".md")).toList()) {
        String text = read(page);
        long blocks = Pattern.compile("```java\n").matcher(text).results().count();
        assertThat(PROGRAM.matcher(text).results().count()).as("%s", page).isEqualTo(blocks);
      }
    }
  }

  private static String read(Path page) {
    try {
      return Files.readString(page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String run(String name, String program) throws Exception {
    Path source = folder.resolve(name + ".java");
    Files.writeString(source, program);
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-proc:none", "-d", folder.toString(), source.toString());
    assertThat(status).isZero();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      Class<?> main = loader.loadClass(name);
      main.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(before);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void linksLeadSomewhere() throws IOException {
    try (Stream<Path> pages = Files.list(Path.of("..", "docs"))) {
      for (Path page : pages.filter(p -> p.toString().endsWith(".md")).toList()) {
        Matcher link = LINK.matcher(read(page));
        while (link.find()) {
          assertThat(page.resolveSibling(link.group(1))).as("link in %s", page).exists();
        }
      }
    }
  }
}
