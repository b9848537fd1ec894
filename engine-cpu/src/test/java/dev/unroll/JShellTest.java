// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The start script for jshell leaves a prompt at which tensors can be made and shown. */
class JShellTest {
  @Test
  void tensorsAtThePrompt(@TempDir Path folder) throws Exception {
    Path typed = folder.resolve("typed.jsh");
    Files.writeString(
        typed,
        """
        Tensor a = matrix(new float[] {1, 2, 3}, new float[] {4, 5, 6})
        Tensor product = arena.tensor(2, 2)
        ops.matmul(a, a.t(), 0, product)
        show(product)
        System.out.println(new Gru(init, new Recurrent.Shape(3, 4)).parameters().size())
        arena.close()
        ops.close()
        /exit
        """);
    Path printed = folder.resolve("printed");
    // Unlike java, jshell refuses a path that does not exist.
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(path -> Files.exists(Path.of(path)))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jshell").toString(),
                "-J-Djava.util.prefs.userRoot=" + folder,
                "--class-path",
                classPath,
                Path.of("..", "scripts", "unroll.jsh").toString(),
                typed.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .redirectOutput(printed.toFile())
            .start();
    int status = process.waitFor();
    assertThat(status).as(Files.readString(printed)).isZero();
    assertThat(Files.readAllLines(printed))
        .hasSize(4)
        .endsWith("[14.0, 32.0]", "[32.0, 77.0]", "4");
  }
}
