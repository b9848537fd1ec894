// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kernel becomes machine code for every target, without spills, at a good occupancy. */
class MachineCodeTest {
  private static final List<Integer> CAPABILITIES = List.of(75, 80, 86, 89, 90);
  private static final Path TABLE = Path.of("../docs/cuda-kernels.tsv");
  private static final Pattern BOUNDED =
      Pattern.compile("\\.entry (\\w+)\\([^)]*\\)\\s*\\.maxntid (\\d+), (\\d+), (\\d+)");

  /**
   * Cells that hold all gates of a unit at once. Six blocks of them on a multiprocessor, which are
   * 75 percent, would leave 40 registers to a thread, and each then spills for sm_80 or sm_90.
   */
  private static final Set<String> WIDE_CELLS =
      Set.of("lstm_cell", "lstm_cell_grad", "gru_cell_grad");

  @TempDir Path folder;

  @Test
  void tableOfKernelsIsWhatTheCompilerGives() throws Exception {
    Map<Integer, Map<String, MachineCode>> codes = new LinkedHashMap<>();
    for (int capability : CAPABILITIES) {
      codes.put(capability, complete(MachineCode.inProcess(Ptx.shipped(), capability)));
    }
    Map<String, Integer> threads = threads();
    String table = table(codes, threads);
    Path fresh = Files.writeString(Path.of("target/cuda-kernels.tsv"), table);
    assertThat(Files.readString(TABLE)).as("run: cp engine-cuda/%s docs/", fresh).isEqualTo(table);
    for (int capability : new int[] {80, 90}) {
      requireOccupancy(capability, codes.get(capability), threads);
    }
  }

  private static void requireOccupancy(
      int capability, Map<String, MachineCode> codes, Map<String, Integer> threads)
      throws IOException {
    Set<String> elementwise = DeviceSources.elementwise();
    assertThat(codes).containsKeys(elementwise.toArray(String[]::new));
    MachineCode.Processor processor = MachineCode.Processor.of(capability);
    codes.forEach(
        (kernel, code) -> {
          int least =
              WIDE_CELLS.contains(kernel)
                  ? 50
                  : elementwise.contains(kernel) ? 75 : kernel.startsWith("matmul") ? 25 : 0;
          assertThat(processor.occupancy(code, threads.get(kernel)))
              .as("occupancy of %s on sm_%s: %s", kernel, capability, code)
              .isGreaterThanOrEqualTo(least);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 120})
  void newestTargetsCompile(int capability) throws Exception {
    compileByPtxas(capability);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(ints = {75, 80, 86, 89, 90})
  void ptxasCompilesToo(int capability) throws Exception {
    compileByPtxas(capability);
  }

  private void compileByPtxas(int capability) throws Exception {
    Machine.requireCommand("ptxas");
    if (!Machine.output(folder, "ptxas", "--help").contains("sm_" + capability)) {
      Machine.absent("sm_" + capability, "this ptxas does not know sm_" + capability);
    }
    complete(MachineCode.byPtxas(folder, Ptx.shipped(), capability));
  }

  /** All kernels are there, and none uses local memory. */
  private static Map<String, MachineCode> complete(Map<String, MachineCode> codes) {
    assertThat(codes.keySet()).containsExactlyInAnyOrderElementsOf(Ptx.kernels(Ptx.shipped()));
    assertThat(codes).allSatisfy((kernel, code) -> assertThat(code.spilled()).as(kernel).isZero());
    return codes;
  }

  private static String table(
      Map<Integer, Map<String, MachineCode>> codes, Map<String, Integer> threads) {
    StringBuilder table = new StringBuilder("kernel\tthreads\tshared");
    CAPABILITIES.forEach(
        c -> table.append("\tregisters_").append(c).append("\toccupancy_").append(c));
    for (String kernel : Ptx.kernels(Ptx.shipped())) {
      int size = threads.get(kernel);
      table.append('\n').append(kernel).append('\t').append(size);
      table.append('\t').append(codes.get(80).get(kernel).shared());
      codes.forEach(
          (capability, all) -> {
            MachineCode code = all.get(kernel);
            int occupancy = MachineCode.Processor.of(capability).occupancy(code, size);
            table.append('\t').append(code.registers()).append('\t').append(occupancy);
          });
    }
    return table.append('\n').toString();
  }

  /** The sizes of blocks: what the PTX says, else what tuning.properties says. */
  private static Map<String, Integer> threads() throws IOException {
    Properties tuning = new Properties();
    try (Reader in = Files.newBufferedReader(Path.of("../kernels/device/tuning.properties"))) {
      tuning.load(in);
    }
    Map<String, Integer> threads = new LinkedHashMap<>();
    for (String file : new String[] {"sums", "rows", "cross_entropy"}) {
      DeviceSources.kernels(file)
          .forEach(kernel -> threads.put(kernel, number(tuning, "rows.group")));
    }
    for (String kernel : new String[] {"sum_rows", "scatter_add", "scatter_add_columns"}) {
      threads.put(kernel, number(tuning, "columns.group"));
    }
    threads.put("matmul_naive", number(tuning, "matmul.naive.group"));
    for (String kernel : Ptx.kernels(Ptx.shipped())) {
      threads.putIfAbsent(kernel, number(tuning, "elementwise.group"));
    }
    Matcher bounded = BOUNDED.matcher(Ptx.shipped());
    while (bounded.find()) {
      int size = 1;
      for (int i = 2; i <= 4; i++) {
        size *= Integer.parseInt(bounded.group(i));
      }
      threads.put(bounded.group(1), size);
    }
    return threads;
  }

  private static int number(Properties tuning, String key) {
    return Integer.parseInt(tuning.getProperty(key));
  }
}
