// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.BackendException;
import dev.unroll.kernels.KernelLibrary;
import dev.unroll.kernels.Sources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A kernel that does not compile. In a process of its own that halts once it has told: PoCL 3.1
 * crashed the JVM once, some time after a failed build.
 */
class CompileErrorTest {
  @BeforeEach
  void device() {
    Machine.requireDevice();
  }

  @Test
  void compilersMessageNamesFileAndLine(@TempDir Path folder) throws Exception {
    Fork.Result result = Fork.run(folder, 120, Map.of(), Main.class);
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out())
        .contains("does not compile", "wrong.cl, line 2", "undeclared")
        .contains("CL_BUILD_PROGRAM_FAILURE");
  }

  /** What the other process does. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) throws IOException {
      Sources sources =
          Sources.openCl().and("wrong.cl", "KERNEL void wrong(int n) {\n  n = undeclared;\n}\n");
      try {
        new KernelLibrary(OpenClDevice.open(OpenClDevice.all().get(0)), sources);
        System.out.println("compiled");
      } catch (BackendException e) {
        System.out.println(e.getMessage());
      }
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }
  }
}
