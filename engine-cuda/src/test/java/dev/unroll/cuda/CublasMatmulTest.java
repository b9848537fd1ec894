// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Availability;
import dev.unroll.BackendException;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches cuBLAS, by a stub that refuses wrong arguments as the real library does. */
class CublasMatmulTest {
  @TempDir static Path stubs;
  @TempDir static Path drivers;

  @TempDir Path folder;

  @BeforeAll
  static void build() throws IOException, InterruptedException {
    Machine.requireCommand("g++");
    build(drivers, "libcuda", "libcuda.so.1");
    build(stubs, "libcuda", "libcuda.so.1");
    build(stubs, "libcublas", "libcublas.so.12");
  }

  private static void build(Path folder, String source, String library)
      throws IOException, InterruptedException {
    Machine.output(
        folder,
        "g++",
        "-shared",
        "-fPIC",
        "-Wl,-soname," + library,
        "-o",
        folder.resolve(library).toString(),
        "src/test/resources/stub/" + source + ".cpp");
  }

  @Test
  void callsArriveAsTheyAreMeant() throws Exception {
    Fork.Result result = run(stubs, List.of());
    assertThat(result.out().lines())
        .as(result.toString())
        .containsExactly(
            "probe  ",
            "stream given",
            "workspace 0x1000 33554432",
            // out [2, 3] = a [2, 4] b [4, 3]: three rows of columns by two.
            "sgemm NN 3 2 4 alpha 1 a 0x2000 3 b 0x3000 4 beta 0.5 c 0x4000 3 mode 0",
            // The transposed right-hand side is read as it lies.
            "sgemm TN 3 2 4 alpha 1 a 0x2000 4 b 0x3000 4 beta 0 c 0x4000 3 mode 0",
            "refused cuBLAS: can not multiply: CUBLAS_STATUS_INVALID_VALUE (7)",
            "destroy");
    assertThat(result.exit()).isZero();
  }

  @Test
  void tf32IsAnOption() throws Exception {
    assertThat(run(stubs, List.of("-Dunroll.cuda.tf32=true")).out())
        .contains("mode 3")
        .doesNotContain("mode 0");
  }

  @Test
  void withoutTheLibraryThereIsAReasonAndNoError() throws Exception {
    Fork.Result result = run(drivers, List.of());
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out())
        .contains("probe fast precision without cuBLAS", "libcublas.so.12")
        .contains("not loaded");
  }

  private Fork.Result run(Path libraries, List<String> options)
      throws IOException, InterruptedException {
    Map<String, String> environment = Map.of("LD_LIBRARY_PATH", libraries.toString());
    return Fork.run(folder, 60, environment, options, Main.class);
  }

  /** What the other process does. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      Availability found = new CudaProvider().probe();
      System.out.println("probe " + found.reason() + " " + found.remedy());
      try {
        CublasMatmul.load();
      } catch (NoCudaException e) {
        System.out.println("not loaded");
        return;
      }
      CudaDriver driver = CudaDriver.open(CudaDriver.devices("cuda").get(0));
      CublasMatmul cublas =
          CublasMatmul.open(driver.stream(), 0x1000, Boolean.getBoolean("unroll.cuda.tf32"));
      try (Ops ops = Backends.open("cpu-scalar");
          Arena arena = ops.arena("gemm")) {
        Tensor a = arena.tensor(2, 4);
        Tensor out = arena.tensor(2, 3);
        multiply(cublas, Gemm.of(a, arena.tensor(4, 3), out).orElseThrow(), 0.5f);
        Gemm transposed = Gemm.of(a, arena.tensor(3, 4).t(), out).orElseThrow();
        multiply(cublas, transposed, 0);
        Gemm.Operand wrong = new Gemm.Operand(a, false, 1);
        multiply(cublas, new Gemm(wrong, transposed.b(), transposed.c(), 3, 2, 4), 0);
      } catch (BackendException e) {
        System.out.println("refused " + e.getMessage());
      }
      cublas.close();
      driver.close();
    }

    private static void multiply(CublasMatmul cublas, Gemm gemm, float beta) {
      System.out.flush();
      long[] words = new long[CublasMatmul.WORDS];
      CublasMatmul.words(gemm, beta, 0x2000, 0x3000, 0x4000, words);
      cublas.multiply(words, 0);
    }
  }
}
