// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Availability;
import dev.unroll.BackendException;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Machines where CUDA is not what it should be: one line of cause, one of remedy, no crash. */
class NoCudaTest {
  @TempDir static Path stub;

  @TempDir Path folder;

  @Test
  void withoutADriver() throws Exception {
    requireOneLineEach(
        run(Map.of(), List.of()), "there is no CUDA driver: libcuda.so.1", "install NVIDIA's");
  }

  @Test
  void withADriverThatIsNoLibrary() throws Exception {
    Path drivers = Files.createDirectory(folder.resolve("drivers"));
    Files.writeString(drivers.resolve("libcuda.so.1"), "not a library");
    requireOneLineEach(
        run(Map.of("LD_LIBRARY_PATH", drivers.toString()), List.of()),
        "the CUDA driver can not be loaded: ",
        "nvidia-smi");
  }

  @Test
  void withNativesForAnotherPlatform() throws Exception {
    requireOneLineEach(
        run(Map.of(), List.of("-Dos.arch=aarch64")),
        "JCuda's natives are here for Linux amd64, this is Linux aarch64",
        "another backend");
  }

  @Test
  void withoutJCudasNatives() throws Exception {
    requireOneLineEach(
        run(Map.of(), List.of("-cp", classPathWithout("jcuda-natives"))),
        "JCuda's natives are not on the class path",
        "org.jcuda:jcuda-natives");
  }

  @Test
  void withoutJCuda() throws Exception {
    requireOneLineEach(
        run(Map.of(), List.of("-cp", classPathWithout("jcuda-12"))),
        "JCuda is not on the class path",
        "org.jcuda:jcuda:");
  }

  @ParameterizedTest
  @CsvSource({
    "STUB_VERSION, 11080, too old for JCuda 12.6: it is of CUDA 11.8, driver 525 or newer",
    "STUB_INIT, 100, there is a CUDA driver but no CUDA device, nvidia-smi",
    "STUB_DEVICES, 0, there is a CUDA driver but no CUDA device, nvidia-smi",
    "STUB_INIT, 803, CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803): the stub's text, nvidia-smi",
    "STUB_CAPABILITY, 61, 'too old: Stub card (CUDA 12.6, compute capability 6.1)', opencl",
  })
  void withAnUnfitDriver(String setting, String value, String cause, String remedy)
      throws Exception {
    requireOneLineEach(run(stub(setting, value), List.of()), cause, remedy);
  }

  @ParameterizedTest
  @CsvSource({
    "STUB_CONTEXT, 2, CUDA_ERROR_OUT_OF_MEMORY (2): the stub's text, nvidia-smi",
    "STUB_MODULE, 222, CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222), driver 525 or newer",
  })
  void withADriverThatFailsAtStart(String setting, String value, String cause, String remedy)
      throws Exception {
    Fork.Result result = run(stub(setting, value), List.of());
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out()).contains("usable true", "auto cpu");
    String opened = result.out().lines().filter(l -> l.startsWith("open ")).findFirst().orElse("");
    assertThat(opened).as(result.toString()).contains("open true cuda (Stub card)", cause, remedy);
  }

  /**
   * The stub has few of the functions that JCuda names, which only binding at once finds missing.
   */
  @Test
  void withADriverThatLacksFunctions() throws Exception {
    Map<String, String> environment = stub("LD_BIND_NOW", "1");
    requireOneLineEach(
        run(environment, List.of()),
        "the CUDA driver is too old for JCuda 12.6: ",
        "driver 525 or newer");
  }

  /** The environment with the stub as the system's driver. */
  private Map<String, String> stub(String setting, String value)
      throws IOException, InterruptedException {
    Machine.requireCommand("g++");
    if (!Files.exists(stub.resolve("libcuda.so.1"))) {
      String library = stub.resolve("libcuda.so.1").toString();
      String source = "src/test/resources/stub/libcuda.cpp";
      Machine.output(
          folder, "g++", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", library, source);
    }
    Map<String, String> environment = new HashMap<>();
    environment.put("LD_LIBRARY_PATH", stub.toString());
    environment.put(setting, value);
    return environment;
  }

  private static String classPathWithout(String jar) {
    String[] path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
            .split(File.pathSeparator);
    return String.join(
        File.pathSeparator,
        Arrays.stream(path)
            .filter(p -> !Path.of(p).getFileName().toString().startsWith(jar))
            .toList());
  }

  private Fork.Result run(Map<String, String> environment, List<String> options)
      throws IOException, InterruptedException {
    return Fork.run(folder, 60, environment, options, Main.class);
  }

  private static void requireOneLineEach(Fork.Result result, String cause, String remedy) {
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out().lines())
        .as(result.toString())
        .satisfiesExactly(
            usable -> assertThat(usable).isEqualTo("usable false"),
            told -> assertThat(told).startsWith("reason ").contains(cause),
            told -> assertThat(told).startsWith("remedy ").contains(remedy),
            opened -> assertThat(opened).startsWith("open true cuda: ").contains(cause, remedy),
            auto -> assertThat(auto).startsWith("auto cpu"));
  }

  /** What the other process does. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      Availability found = new CudaProvider().probe();
      System.out.println("usable " + found.usable());
      System.out.println("reason " + found.reason());
      System.out.println("remedy " + found.remedy());
      try {
        new CudaProvider().open(0, BackendProvider.Options.DEFAULT).close();
      } catch (BackendException e) {
        System.out.println("open " + e.unavailable() + " " + e.getMessage().replace('\n', ' '));
      }
      try (Ops best = Backends.open("cpu")) {
        System.out.println("auto " + best.name());
      }
    }
  }
}
