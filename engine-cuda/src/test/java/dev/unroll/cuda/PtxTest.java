// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The PTX that ships is what the device sources give, and its arithmetic is exact. */
class PtxTest {
  private static final String SCRIPT = "../kernels/compile-ptx.sh";
  private static final String STALE = "the PTX is stale; run kernels/compile-ptx.sh and commit it";
  private static final Pattern INSTRUCTION =
      Pattern.compile("^\\s+(?:@!?%p\\d+ )?([a-z][\\w.]+)", Pattern.MULTILINE);
  private static final Pattern COMPARED =
      Pattern.compile(".*\\.f32.*|(ld|st|bar|shfl|atom|red)\\..*");
  private static final Pattern ROUNDED = Pattern.compile("(add|sub|mul|div|sqrt|fma|rcp)\\b.*");

  @TempDir Path folder;

  @Test
  void ptxIsOfTheseSources() throws Exception {
    String hash = Machine.output(folder, "bash", SCRIPT, "--hash").strip();
    assertThat(line(1)).as(STALE).isEqualTo("// Sources: " + hash);
  }

  /**
   * Sometimes nvcc 13.0 computes an address otherwise, from the same sources: not text is compared,
   * but how often each kernel has each instruction on floats and each access to memory.
   */
  @Test
  void ptxIsWhatTheCompilerGives() throws Exception {
    Machine.requireCommand("nvcc");
    Path fresh = folder.resolve("unroll.ptx");
    Machine.output(folder, "bash", SCRIPT, fresh.toString());
    String compiled = Files.readString(fresh);
    String maker = compiled.lines().findFirst().orElseThrow();
    if (!maker.equals(line(0))) {
      Machine.absent(
          "nvcc", "the PTX was not made by this compiler: " + line(0) + ", here: " + maker);
    }
    assertThat(instructions(Ptx.shipped())).as(STALE).isEqualTo(instructions(compiled));
  }

  /** By kernel and instruction. */
  private static Map<String, Long> instructions(String ptx) {
    Map<String, Long> counts = new TreeMap<>();
    for (String kernel : ptx.split("\\.entry ")) {
      String name = kernel.substring(0, Math.max(0, kernel.indexOf('(')));
      Matcher found = INSTRUCTION.matcher(kernel);
      while (found.find()) {
        if (COMPARED.matcher(found.group(1)).matches()) {
          counts.merge(name + " " + found.group(1), 1L, Long::sum);
        }
      }
    }
    return counts;
  }

  @Test
  void ptxAsksForNoNewDriverOrDevice() {
    assertThat(line(2)).isEqualTo(".version 7.0");
    assertThat(line(3)).isEqualTo(".target sm_75");
  }

  @Test
  void arithmeticIsExact() {
    Matcher instructions = INSTRUCTION.matcher(Ptx.shipped());
    int rounded = 0;
    while (instructions.find()) {
      String instruction = instructions.group(1);
      assertThat(instruction).doesNotContain(".f64", ".approx", ".ftz", "mad.rn", ".sat");
      assertThat(instruction).doesNotMatch("(min|max)\\..*f32.*").doesNotMatch("mad\\..*f32.*");
      if (instruction.contains(".f32") && ROUNDED.matcher(instruction).matches()) {
        assertThat(instruction).contains(".rn.");
        rounded++;
      }
    }
    assertThat(rounded).isGreaterThan(1000);
  }

  private static String line(int number) {
    return Ptx.shipped().lines().skip(number).findFirst().orElseThrow();
  }
}
