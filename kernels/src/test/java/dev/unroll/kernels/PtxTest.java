// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The device sources are CUDA C++ too: they compile to PTX without inexact instructions. */
class PtxTest {
  @Test
  void theSourcesCompileToExactPtx(@TempDir Path folder) throws Exception {
    boolean nvcc =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(p -> Files.isExecutable(Path.of(p, "nvcc")));
    assumeTrue(nvcc, "nvcc is not on the PATH: the device sources are not compiled to PTX");
    Path ptx = folder.resolve("unroll.ptx");
    Path log = folder.resolve("log");

    Process process =
        new ProcessBuilder("bash", "compile-ptx.sh", ptx.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();

    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    assertThat(Files.readString(ptx)).contains(".entry lstm_cell_grad", "fma.rn.f32");
  }
}
