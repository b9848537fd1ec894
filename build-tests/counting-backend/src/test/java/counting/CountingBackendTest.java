// SPDX-License-Identifier: Apache-2.0

package counting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** It is found by its name, it counts, and it is the README's example. */
class CountingBackendTest {
  @Test
  void isFoundByItsNameAndCounts() {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try (Ops ops = Backends.open("counting");
        Arena arena = ops.arena("test")) {
      Tensor a = arena.tensor(new float[] {1, 2, 3, 4}, 2, 2);
      Tensor b = arena.tensor(2, 2);
      ops.matmul(a, a, 0, b);
      ops.matmul(a, a, 1, b);
      assertThat(ops.read(b)).containsExactly(14, 20, 30, 44);
    } finally {
      System.setOut(before);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).contains("matmul=2", "close=1");
  }

  @Test
  void isTheExampleOfTheReadme() throws Exception {
    String readme = Files.readString(Path.of("..", "..", "README.md"));
    for (String file :
        new String[] {
          "src/main/java/counting/CountingProvider.java",
          "src/test/java/counting/CountingConformanceTest.java"
        }) {
      String source = Files.readString(Path.of(file));
      String code = source.substring(source.indexOf("\nimport "));
      assertThat(readme).as(file).contains("```java" + code + "```");
    }
  }
}
