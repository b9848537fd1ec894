// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.Tensor;
import java.util.Locale;

/**
 * Matrix products in the form that suits the device: tiles of several sizes that pass through local
 * memory by quads, tiles of one size that pass through it by elements, tiles in vector registers
 * over panels of the right-hand side, or one work-item for each element. All give equal bits.
 */
final class Products {
  /** Side of a tile of matmul_local, and of its work-group. */
  private static final int LOCAL_TILE = 64;

  private static final int LOCAL_GROUP = 16;

  /** Rows and columns of a tile of matmul_registers; matmul_pack cuts panels of as many columns. */
  static final int REGISTER_ROWS = 8;

  private static final int PANEL = 32;

  /** Rows of a panel that matmul_registers packs at a time. */
  private static final int CHUNK = 256;

  /** Where matmul_registers has its panels from: the constants of the same names. */
  private static final int PACKED = 0;

  private static final int PACKS = 1;
  private static final int IN_PLACE = 2;

  private final Launcher launcher;
  private final ProductLibrary library;
  private final Scratch right;
  private final Scratch left;
  private final Scratch chunks;
  private final TiledProducts tiled;

  /** How products are computed. */
  enum Form {
    NAIVE,
    LOCAL,
    REGISTERS,
    TILES
  }

  /**
   * The right-hand side of products, ready for use until the next one is packed.
   *
   * @param b [K, N]
   * @param packed b in panels, or null if it is read from b itself
   * @param maySplit whether a product may take more than one launch
   */
  record Factor(Tensor b, View packed, boolean maySplit) {
    Factor(Tensor b, View packed) {
      this(b, packed, true);
    }

    /** The same for products that should take one launch each. */
    Factor oneLaunch() {
      return new Factor(b, packed, false);
    }
  }

  /** With a library of the device's maker, which is asked first, or null. */
  Products(Launcher launcher, Device device, ProductLibrary library) {
    this.launcher = launcher;
    this.library = library;
    this.right = new Scratch(device);
    this.left = new Scratch(device);
    this.chunks = new Scratch(device);
    this.tiled = new TiledProducts(launcher, left);
    form(); // so that a wrong word is refused at once
  }

  /** In words, for the placement record. */
  String note() {
    return library != null ? library.note() : "matmul: " + form().name().toLowerCase(Locale.ROOT);
  }

  /** b [K, N] for a single product. */
  static Factor once(Tensor b) {
    return new Factor(b, null);
  }

  /** Makes b [K, N] ready, once for many products. */
  Factor prepare(Tensor b) {
    if (form() != Form.REGISTERS || b.size() == 0) {
      return once(b);
    }
    int panels = Launcher.ceilDiv(b.cols(), PANEL);
    int floats = Math.multiplyExact(panels * PANEL, b.rows());
    View packed = View.dense(right.floats(floats), 0, floats);
    pack("matmul_pack", b, packed, panels);
    return new Factor(b, packed);
  }

  /** out [M, N] = beta * out + a [M, K] b [K, N]. */
  void multiply(Tensor a, Factor factor, float beta, Tensor out) {
    multiply(a, factor, beta, out, out);
  }

  /** out [M, N] = beta * c [M, N] + a [M, K] b [K, N]; with beta 0 c is not read. */
  void multiply(Tensor a, Factor factor, float beta, Tensor c, Tensor out) {
    if (out.size() == 0) {
      return;
    }
    if (library != null && library.takes(a, factor.b(), out)) {
      if (c != out && beta != 0) {
        launcher.elements("copy", out, c, out);
      }
      library.multiply(a, factor.b(), beta, out);
    } else if (form() == Form.REGISTERS) {
      registers(a, factor, beta, c, out);
    } else if (form() == Form.TILES) {
      tiled.multiply(a, factor.b(), beta, c, out, factor.maySplit());
    } else if (form() == Form.LOCAL) {
      int down = Launcher.ceilDiv(out.rows(), LOCAL_TILE);
      int across = Launcher.ceilDiv(out.cols(), LOCAL_TILE);
      Grid grid = new Grid(across, down, LOCAL_GROUP, LOCAL_GROUP);
      launch("matmul_local", grid, a, factor.b(), beta, c, out);
    } else {
      int size = launcher.group("matmul_naive", "matmul.naive.group");
      Grid grid = new Grid(Launcher.ceilDiv(out.cols(), size), out.rows(), size, 1);
      launch("matmul_naive", grid, a, factor.b(), beta, c, out);
    }
  }

  /** out [M, N] = bias [1, N] + x [M, K] b [K, N]; bias may be null. */
  void linear(Tensor bias, Tensor x, Factor factor, Tensor out) {
    if (bias == null) {
      multiply(x, factor, 0, out, out);
    } else {
      multiply(x, factor, 1, bias.repeatRows(out.rows()), out);
    }
  }

  private void launch(
      String kernel, Grid grid, Tensor a, Tensor b, float beta, Tensor c, Tensor out) {
    launcher.launch(kernel, grid, a, b, beta, c, out, out.rows(), out.cols(), a.cols());
  }

  private void registers(Tensor a, Factor factor, float beta, Tensor c, Tensor out) {
    Tensor b = factor.b();
    boolean packed = factor.packed() != null;
    boolean inPlace = b.colStride() == 1 && out.rows() <= launcher.number("matmul.unpacked");
    int tiles = Launcher.ceilDiv(out.rows(), REGISTER_ROWS);
    int panels = Launcher.ceilDiv(out.cols(), PANEL);
    long work = (long) out.size() * Math.max(1, a.cols());
    int groups = launcher.groups("matmul.groups", "matmul.least", work);
    int across = Math.min(panels, groups);
    int down = Math.min(tiles, Launcher.ceilDiv(groups, across));
    boolean contiguous = a.colStride() == 1 || out.cols() < PANEL;
    View rows = contiguous ? View.of(a) : packedRows(a, tiles);
    int tileStride = contiguous ? REGISTER_ROWS * a.rowStride() : REGISTER_ROWS * a.cols();
    int floats = across * down * CHUNK * PANEL;
    launcher.launch(
        "matmul_registers",
        new Grid(down, across, 1, 1),
        rows,
        tileStride,
        packed ? panel(factor.packed(), b.rows()) : View.of(b),
        packed ? PANEL * b.rows() : PANEL * b.colStride(),
        packed ? PACKED : inPlace ? IN_PLACE : PACKS,
        View.dense(chunks.floats(floats), 0, floats),
        beta,
        c,
        out,
        out.rows(),
        out.cols(),
        a.cols());
  }

  /** The first panel. */
  private static View panel(View packed, int rows) {
    return new View(packed.buffer(), packed.offset(), rows, PANEL, PANEL, 1);
  }

  /** a [M, K] in tiles of 8 rows with strides 1 and 8, for reading down its columns is slow. */
  private View packedRows(Tensor a, int tiles) {
    int floats = Math.multiplyExact(tiles * REGISTER_ROWS, a.cols());
    Buffer buffer = left.floats(floats);
    pack("matmul_pack_rows", a, View.dense(buffer, 0, floats), tiles);
    return new View(buffer, 0, REGISTER_ROWS, a.cols(), 1, REGISTER_ROWS);
  }

  private void pack(String kernel, Tensor from, View to, int parts) {
    int groups = launcher.groups("matmul.groups", "elementwise.least", from.size());
    int across = Math.min(parts, groups);
    int down = Math.min(4, Launcher.ceilDiv(groups, across));
    launcher.launch(kernel, new Grid(down, across, 1, 1), from, to, from.rows(), from.cols());
  }

  private Form form() {
    String word = launcher.choice("matmul");
    if (word.startsWith("tiles")) {
      return tiled.has(word) ? Form.TILES : localForm();
    }
    return switch (word) {
      case "naive" -> Form.NAIVE;
      case "registers" -> Form.REGISTERS;
      case "local" -> localForm();
      default ->
          throw new IllegalArgumentException(
              "tuning: matmul must be naive, local, registers or tiles, not '" + word + "'");
    };
  }

  private Form localForm() {
    return launcher.allows("matmul_local", LOCAL_GROUP * LOCAL_GROUP) ? Form.LOCAL : Form.NAIVE;
  }
}
