// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Which instructions of the PTX move data: 128 bits at a time where operands are contiguous and
 * aligned, and one element where they are not. Products never wait for a bank of shared memory.
 */
class MemoryAccessTest {
  private static final Pattern ACCESS = Pattern.compile("\\b(?:ld|st)\\.global\\.[.\\w]*");
  private static final Pattern NEVER_RAN = Pattern.compile("  line (\\d+): .*");
  private static final int SIZE = 64;

  @AfterEach
  void nothingWasReported() {
    System.clearProperty("unroll.tuning.matmul");
    Emulated.requireNoReports();
  }

  /** What one of the elementwise operations does to tensors of one shape. */
  private interface Operation {
    void run(Ops ops, Tensor x, Tensor y, Tensor z, Tensor out);
  }

  private static final Map<String, Operation> ELEMENTWISE =
      new TreeMap<>(
          Map.of(
              "fill", (ops, x, y, z, out) -> ops.fill(2, out),
              "axpby", (ops, x, y, z, out) -> ops.axpby(2, x, 3, out),
              "copy", (ops, x, y, z, out) -> ops.copy(x, out),
              "binary", (ops, x, y, z, out) -> ops.binary(Arithmetic.DIV, x, y, out),
              "map", (ops, x, y, z, out) -> ops.map(Unary.EXP, x, out),
              "activate", (ops, x, y, z, out) -> ops.activate(Activation.TANH, x, out),
              "activate_grad",
                  (ops, x, y, z, out) -> ops.activateGrad(Activation.SILU, x, y, z, out),
              "element_loss",
                  (ops, x, y, z, out) -> ops.elementLoss(ElementLoss.SQUARED, x, y, out),
              "element_loss_grad",
                  (ops, x, y, z, out) ->
                      ops.elementLossGrad(ElementLoss.SQUARED, x, y, z, 1, out)));

  @Test
  void elementsMoveInQuads() throws IOException {
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("elements")) {
      Tensor[] all = {tensor(arena), tensor(arena), tensor(arena), tensor(arena)};
      ELEMENTWISE.forEach(
          (kernel, operation) -> {
            EmulatedDriver.configure("coverage=on");
            operation.run(ops, all[0], all[1], all[2], all[3]);
            ops.synchronize();
            assertThat(accesses(kernel)).as(kernel).isNotEmpty().allMatch(a -> a.contains(".v4."));
          });
    }
  }

  @Test
  void elementsOfOtherTensorsMoveOneByOne() throws IOException {
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("elements")) {
      Tensor[] all = {tensor(arena), tensor(arena), tensor(arena), tensor(arena)};
      for (int shifted = 0; shifted < all.length; shifted++) {
        Tensor[] views = new Tensor[all.length];
        for (int i = 0; i < all.length; i++) {
          views[i] = all[i].cols(i == shifted ? 1 : 0, SIZE - 3);
        }
        EmulatedDriver.configure("coverage=on");
        ops.activateGrad(Activation.SILU, views[0], views[1], views[2], views[3]);
        ops.synchronize();
        boolean used = shifted != 1; // the derivative of silu needs no y
        assertThat(accesses("activate_grad").stream().anyMatch(a -> a.contains(".v4.")))
            .as("shifted %s", shifted)
            .isEqualTo(!used);
      }
    }
  }

  /** The rows of the tile, and which factors are transposed. */
  @ParameterizedTest
  @CsvSource({
    "1, NN NT",
    "8, NN NT TN TT",
    "32, NN NT TN TT",
    "64, NN NT TN TT",
    "128, NN NT TN TT"
  })
  void productsMoveInQuadsAndNeverWaitForABank(int tile, String forms) throws IOException {
    System.setProperty("unroll.tuning.matmul", "tiles" + tile);
    String kernel = "matmul_tiles_" + tile;
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("factors")) {
      for (String form : forms.split(" ")) {
        Tensor a = form.charAt(0) == 'T' ? random(arena, 96, tile).t() : random(arena, tile, 96);
        Tensor b = form.charAt(1) == 'T' ? random(arena, 128, 96).t() : random(arena, 96, 128);
        Tensor out = arena.tensor(tile, 128);
        EmulatedDriver.configure("coverage=on");
        ops.matmul(a, b, 0, out);
        ops.synchronize();
        assertThat(Emulated.counter(kernel + ".launches")).isEqualTo(1);
        assertThat(Emulated.counter(kernel + ".sharedAccesses")).isPositive();
        assertThat(Emulated.counter(kernel + ".bankConflicts")).as("%s %s", tile, form).isZero();
        Set<String> narrow = accesses(kernel);
        narrow.removeIf(access -> access.contains(".v4."));
        // A work-item of the smallest tile has one sum to write, once it is complete.
        assertThat(narrow)
            .as("%s %s", tile, form)
            .isSubsetOf(tile == 1 ? Set.of("st.global.f32") : Set.of());
      }
    }
  }

  private static Tensor tensor(Arena arena) {
    return random(arena, SIZE, SIZE);
  }

  private static Tensor random(Arena arena, int rows, int cols) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 101 + 1) / 64f;
    }
    return arena.tensor(values, rows, cols);
  }

  /** The global accesses of a kernel that some thread executed. */
  private static Set<String> accesses(String kernel) {
    Set<Integer> never =
        EmulatedDriver.coverage()
            .lines()
            .dropWhile(line -> !line.startsWith(kernel + ":"))
            .skip(1)
            .takeWhile(line -> line.startsWith(" "))
            .map(NEVER_RAN::matcher)
            .filter(Matcher::matches)
            .map(m -> Integer.valueOf(m.group(1)))
            .collect(Collectors.toSet());
    List<String> lines = Ptx.shipped().lines().toList();
    Set<String> found = new TreeSet<>();
    boolean inside = false;
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(".entry ")) {
        inside = lines.get(i).contains(".entry " + kernel + "(");
      }
      Matcher access = ACCESS.matcher(lines.get(i));
      if (inside && access.find() && !never.contains(i + 1)) {
        found.add(access.group());
      }
    }
    return found;
  }
}
