// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
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
import org.junit.jupiter.params.provider.ValueSource;

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
    void run(Ops ops, Indices key, Tensor x, Tensor y, Tensor z, Tensor out);
  }

  private static final Map<String, Operation> ELEMENTWISE =
      new TreeMap<>(
          Map.of(
              "dropout", (ops, key, x, y, z, out) -> ops.dropout(0.5f, key, 0, null, x, out),
              "fill", (ops, key, x, y, z, out) -> ops.fill(2, out),
              "axpby", (ops, key, x, y, z, out) -> ops.axpby(2, x, 3, out),
              "copy", (ops, key, x, y, z, out) -> ops.copy(x, out),
              "binary", (ops, key, x, y, z, out) -> ops.binary(Arithmetic.DIV, x, y, out),
              "map", (ops, key, x, y, z, out) -> ops.map(Unary.EXP, x, out),
              "activate", (ops, key, x, y, z, out) -> ops.activate(Activation.TANH, x, out),
              "activate_grad",
                  (ops, key, x, y, z, out) -> ops.activateGrad(Activation.SILU, x, y, z, out),
              "element_loss",
                  (ops, key, x, y, z, out) -> ops.elementLoss(ElementLoss.SQUARED, x, y, out),
              "element_loss_grad",
                  (ops, key, x, y, z, out) ->
                      ops.elementLossGrad(ElementLoss.SQUARED, x, y, z, 1, out)));

  /**
   * Elementwise kernels whose work-items take one element at a time, the lanes of a warp next to
   * each other: four of them with all gates of a cell, or all states of an update, would need more
   * registers than 75 percent occupancy leaves, and rows of a table are looked up one by one.
   */
  private static final Set<String> SCALAR =
      Set.of(
          "rnn_cell_grad",
          "lstm_cell",
          "lstm_cell_grad",
          "gru_cell",
          "gru_cell_grad",
          "sgd_step",
          "adam_step",
          "rmsprop_step",
          "gather");

  @Test
  void everyElementwiseKernelIsTestedOrNamed() throws IOException {
    Set<String> known = new TreeSet<>(SCALAR);
    known.addAll(ELEMENTWISE.keySet());
    known.add("matmul_add");
    assertThat(known).containsExactlyInAnyOrderElementsOf(DeviceSources.elementwise());
  }

  @Test
  void elementsMoveInQuads() throws IOException {
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("elements")) {
      Tensor[] all = {tensor(arena), tensor(arena), tensor(arena), tensor(arena)};
      Indices key = arena.indices(new int[] {1, 2, 3, 4});
      ELEMENTWISE.forEach(
          (kernel, operation) -> {
            EmulatedDriver.configure("coverage=on");
            operation.run(ops, key, all[0], all[1], all[2], all[3]);
            ops.synchronize();
            assertThat(accesses(kernel)).as(kernel).isNotEmpty();
            assertThat(narrow(kernel)).as(kernel).isEmpty();
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
        // A work-item of the smallest tile has one sum to write, once it is complete.
        assertThat(narrow(kernel))
            .as("%s %s", tile, form)
            .isSubsetOf(tile == 1 ? Set.of("st.global.f32") : Set.of());
      }
    }
  }

  /**
   * The rows of the tile. At least one of the factors comes element by element: with an offset and
   * an odd stride, with a length that is no multiple of four, or with no stride of 1.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 8, 32, 64, 128})
  void productsOfOtherFactorsNeverWaitForABankEither(int tile) throws IOException {
    System.setProperty("unroll.tuning.matmul", "tiles" + tile);
    String kernel = "matmul_tiles_" + tile;
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("factors")) {
      for (String layout : new String[] {"shifted", "odd", "spread"}) {
        int odd = layout.equals("odd") ? 1 : 0;
        Tensor[] lefts = either(arena, layout, tile, 96 + odd);
        Tensor[] rights = either(arena, layout, 96 + odd, 128 + odd);
        for (int form = 0; form < 4; form++) {
          EmulatedDriver.configure("coverage=on");
          ops.matmul(lefts[form / 2], rights[form % 2], 0, arena.tensor(tile, 128 + odd));
          ops.synchronize();
          String what = tile + " " + layout + " " + form;
          assertThat(accesses(kernel)).as(what).contains("ld.global.f32");
          assertThat(Emulated.counter(kernel + ".sharedAccesses")).as(what).isPositive();
          assertThat(Emulated.counter(kernel + ".bankConflicts")).as(what).isZero();
        }
      }
    }
  }

  /** A matrix with its rows in order, and one with its columns in order. */
  private static Tensor[] either(Arena arena, String layout, int rows, int cols) {
    return new Tensor[] {laid(arena, layout, rows, cols), laid(arena, layout, cols, rows).t()};
  }

  private static Tensor laid(Arena arena, String layout, int rows, int cols) {
    return switch (layout) {
      case "shifted" -> random(arena, rows, cols + 1).cols(1, cols);
      case "odd" -> random(arena, rows, cols);
      default -> random(arena, 2 * rows, 2 * cols).rows(0, rows, 2).t().rows(0, cols, 2).t();
    };
  }

  /** The second launch of a product whose chunks were shared out. */
  @Test
  void sumsOfChunksMoveInQuads() throws IOException {
    try (Ops ops = Emulated.open("");
        Arena arena = ops.arena("factors")) {
      Tensor a = random(arena, SIZE, 1024);
      Tensor b = random(arena, 1024, SIZE);
      Tensor out = random(arena, SIZE, SIZE + 1);
      for (int shift = 0; shift < 2; shift++) {
        EmulatedDriver.configure("coverage=on");
        ops.matmul(a, b, 1, shift == 0 ? tensor(arena) : out.cols(1, SIZE));
        ops.synchronize();
        assertThat(accesses("matmul_add")).isNotEmpty();
        assertThat(narrow("matmul_add").isEmpty()).isEqualTo(shift == 0);
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

  /** Those of single floats. What is not a float is no element, such as the key of a dropout. */
  private static Set<String> narrow(String kernel) {
    Set<String> narrow = accesses(kernel);
    narrow.removeIf(access -> access.contains(".v4.") || !access.endsWith(".f32"));
    return narrow;
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
