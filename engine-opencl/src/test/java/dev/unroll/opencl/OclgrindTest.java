// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Backends;
import dev.unroll.Buffer;
import dev.unroll.ElementType;
import dev.unroll.Ops;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import dev.unroll.kernels.Grid;
import dev.unroll.kernels.KernelLibrary;
import dev.unroll.kernels.Sources;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The kernels under a simulator that sees each access: beyond a buffer, to memory never written, or
 * racing with another work-item. Groups are small and odd: the simulator takes a millisecond for
 * what a device does in a microsecond.
 */
class OclgrindTest {
  static final Path DRIVER = Path.of("/usr/lib/oclgrind/liboclgrind-rt-icd.so");
  private static final int GROUP = 8;

  @TempDir Path folder;

  @Test
  void kernelsAccessOnlyWhatTheyMay() throws Exception {
    Fork.Result result = run("cases");
    assertThat(result.err()).isEmpty();
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out()).startsWith("Oclgrind").endsWith("done\n");
  }

  @Test
  void faultlessKernelIsNotReported() throws Exception {
    Fork.Result result = run("correct");
    assertThat(result.out()).startsWith("Oclgrind").endsWith("done\n");
    assertThat(result.err()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "missing_barrier, data race",
    "beyond_global, Invalid write",
    "beyond_local, Invalid write",
    "unwritten, Uninitialized"
  })
  void plantedFaultIsReported(String kernel, String report) throws Exception {
    Fork.Result result = run(kernel);
    assertThat(result.out()).startsWith("Oclgrind");
    assertThat(result.err()).containsIgnoringCase(report).contains(kernel);
  }

  private Fork.Result run(String what) throws IOException, InterruptedException {
    if (!Files.exists(DRIVER)) {
      Machine.absent("oclgrind", "there is no Oclgrind; install the package oclgrind");
    }
    Path vendors = Files.createDirectory(folder.resolve("vendors"));
    Files.writeString(vendors.resolve("oclgrind.icd"), DRIVER + "\n");
    Map<String, String> environment = new HashMap<>();
    environment.put("OCL_ICD_VENDORS", vendors.toString());
    environment.put("OCLGRIND_DATA_RACES", "1");
    environment.put("OCLGRIND_UNINITIALIZED", "1");
    // The optimiser makes instructions that the check for unwritten memory does not know.
    environment.put("OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable");
    return Fork.run(folder, 240, environment, Main.class, what);
  }

  /** What the other process does. */
  static final class Main {
    /** Bytes that the operands of a case may have. */
    private static final long MOST = 3000;

    private Main() {}

    public static void main(String[] arguments) throws IOException {
      System.out.println(OpenClDevice.all().get(0).info().driver());
      if (arguments[0].equals("cases")) {
        cases();
      } else {
        planted(arguments[0]);
      }
      System.out.println("done");
    }

    private static void cases() {
      set("elementwise.group", "5", "rows.group", "7", "columns.group", "3");
      Map<String, OpCase> small = small();
      compare(small.values());
      // The forms for CPU devices, of a device that is none.
      set("matmul", "registers", "scatter", "columns", "columns.group", "1");
      set("sequences", "whole", "sequences.rows", "1");
      compare(
          small.values().stream()
              .filter(c -> c.op().matches("matmul|scatterAdd|.*Sequence.*"))
              .toList());
      set("matmul", "naive", "matmul.naive.group", "3");
      compare(List.of(small.get("matmul")));
    }

    private static void set(String... keysAndValues) {
      for (int i = 0; i < keysAndValues.length; i += 2) {
        System.setProperty("unroll.tuning." + keysAndValues[i], keysAndValues[i + 1]);
      }
    }

    private static void compare(Collection<OpCase> cases) {
      try (Ops ops = Backends.open("opencl");
          Ops reference = Backends.open("cpu-scalar")) {
        for (OpCase c : cases) {
          List<String> problems = Parity.compare(ops, reference, c).problems();
          if (!problems.isEmpty()) {
            throw new AssertionError(c.name() + ": " + problems);
          }
        }
      }
    }

    /** Of each operation the largest case that the simulator can do quickly. */
    private static Map<String, OpCase> small() {
      Map<String, OpCase> chosen = new HashMap<>();
      OpCases.all().stream()
          .sorted(Comparator.comparingLong(OpCase::bytes))
          .filter(c -> c.bytes() <= MOST || !chosen.containsKey(c.op()))
          .forEach(c -> chosen.put(c.op(), c));
      return chosen;
    }

    private static void planted(String kernel) throws IOException {
      Sources sources = new Sources("").and("planted.cl", text());
      try (OpenClDevice device = OpenClDevice.open(OpenClDevice.all().get(0))) {
        Buffer x = device.allocate(ElementType.FLOAT32, 2 * GROUP);
        Buffer out = device.allocate(ElementType.FLOAT32, 2 * GROUP);
        device.write(new float[2 * GROUP], x, 0);
        new KernelLibrary(device, sources)
            .launch(kernel, new Grid(2, 1, GROUP, 1), x, out, 2 * GROUP);
        device.synchronize();
      }
    }

    private static String text() throws IOException {
      try (InputStream in = Main.class.getResourceAsStream("/planted/planted.cl")) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    }
  }
}
