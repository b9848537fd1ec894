// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java example of the README compiles, runs, and learns. */
class ReadmeTest {
  @Test
  void exampleRunsAndLearns(@TempDir Path folder) throws Exception {
    String readme = Files.readString(Path.of("..", "README.md"));
    int from = readme.indexOf("```java\n") + "```java\n".length();
    Path source = folder.resolve("FirstStep.java");
    Files.writeString(source, readme.substring(from, readme.indexOf("```", from)));

    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-proc:none", "-d", folder.toString(), source.toString());
    assertThat(status).isZero();

    String[] words = run(folder).trim().split("[ ,]+");
    float first = Float.parseFloat(words[2]);
    float last = Float.parseFloat(words[5]);
    assertThat(last).isLessThan(first / 2);
  }

  private static String run(Path folder) throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      loader
          .loadClass("FirstStep")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(before);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }
}
