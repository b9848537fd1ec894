// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Products by the kernels matmul_tiles_*, in tiles that suit the shape. Where these are too few to
 * keep the device busy, the chunks of k are shared out as well, and added in a second launch.
 */
final class TiledProducts {
  /** Terms of a chunk. */
  private static final int CHUNK = 256;

  /** Most floats of chunks' sums that are kept at a time. */
  private static final int MOST_SUMS = 16 << 20;

  private static final Form LARGE = new Form("matmul_tiles_128", 128, 128, 256);
  private static final Form MIDDLE = new Form("matmul_tiles_64", 64, 64, 128);
  private static final Form FLAT = new Form("matmul_tiles_32", 32, 64, 128);
  private static final Form FEW_ROWS = new Form("matmul_tiles_8", 8, 64, 128);
  private static final Form ONE_ROW = new Form("matmul_tiles_1", 1, 64, 64);
  private static final List<Form> FORMS = List.of(LARGE, MIDDLE, FLAT, FEW_ROWS, ONE_ROW);

  private final Launcher launcher;
  private final Scratch sums;
  private final boolean available;

  /** A kernel with the size of its tile and of its group. */
  private record Form(String kernel, int rows, int cols, int group) {
    int down(Tensor out) {
      return Launcher.ceilDiv(out.rows(), rows);
    }

    int across(Tensor out) {
      return Launcher.ceilDiv(out.cols(), cols);
    }

    long tiles(Tensor out) {
      return (long) down(out) * across(out);
    }
  }

  TiledProducts(Launcher launcher, Scratch sums) {
    this.launcher = launcher;
    this.sums = sums;
    this.available = FORMS.stream().allMatch(f -> launcher.allows(f.kernel(), f.group()));
  }

  /**
   * Whether the program has the kernels, and the device large enough groups.
   *
   * @param word "tiles", or "tiles" and the rows of the only tile to be used
   */
  boolean has(String word) {
    if (!word.equals("tiles") && only(word) == null) {
      throw new IllegalArgumentException(
          "tuning: matmul must be tiles, or tiles with one of "
              + FORMS.stream().map(Form::rows).toList()
              + ", not '"
              + word
              + "'");
    }
    return available;
  }

  private static Form only(String word) {
    for (Form form : FORMS) {
      if (word.equals("tiles" + form.rows())) {
        return form;
      }
    }
    return null;
  }

  /**
   * out [M, N] = beta * c [M, N] + a [M, K] b [K, N].
   *
   * @param maySplit whether it may take more than one launch
   */
  void multiply(Tensor a, Tensor b, float beta, Tensor c, Tensor out, boolean maySplit) {
    if (out.cols() < out.rows() && out.cols() <= FLAT.rows()) {
      multiply(b.t(), a.t(), beta, c.t(), out.t(), maySplit);
      return;
    }
    Form form = form(out);
    int chunks = a.cols() == 0 ? 0 : Launcher.ceilDiv(a.cols(), CHUNK);
    int together = Math.min(chunks, MOST_SUMS / out.size());
    if (maySplit && together > 1 && form.tiles(out) < launcher.most("matmul.split")) {
      split(form, a, b, beta, c, out, together);
    } else {
      launch(form, 1, a, b, beta, View.of(c), View.of(out), out, 0);
    }
  }

  private Form form(Tensor out) {
    Form only = only(launcher.choice("matmul"));
    if (only != null) {
      return only;
    }
    if (out.rows() > FLAT.rows()) {
      return LARGE.tiles(out) < launcher.most("matmul.large") ? MIDDLE : LARGE;
    }
    return out.rows() > FEW_ROWS.rows() ? FLAT : out.rows() > 1 ? FEW_ROWS : ONE_ROW;
  }

  /** As many chunks at a time as given. */
  private void split(Form form, Tensor a, Tensor b, float beta, Tensor c, Tensor out, int most) {
    int size = out.size();
    for (int from = 0; from < a.cols(); from += most * CHUNK) {
      int count = Math.min(a.cols() - from, most * CHUNK);
      int chunks = Launcher.ceilDiv(count, CHUNK);
      Buffer buffer = sums.floats((long) chunks * size);
      View parts = new View(buffer, 0, chunks * out.rows(), out.cols(), out.cols(), 1);
      launch(form, chunks, a.cols(from, count), b.rows(from, count), 0, parts, parts, out, size);
      View ofChunks = new View(buffer, 0, chunks, size, size, 1);
      add(ofChunks, chunks, from == 0 ? beta : 1f, from == 0 ? c : out, out);
    }
  }

  /**
   * out [M, N] = beta * old [M, N] + the rows of ofChunks [chunks, M * N]; dense ones as one row.
   */
  private void add(View ofChunks, int chunks, float beta, Tensor old, Tensor out) {
    if (old.isDense() && out.isDense()) {
      View folded = View.folded(old);
      launcher.table("matmul_add", 1, out.size(), ofChunks, chunks, beta, folded, View.folded(out));
    } else {
      launcher.table("matmul_add", out.rows(), out.cols(), ofChunks, chunks, beta, old, out);
    }
  }

  private void launch(
      Form form,
      int parts,
      Tensor a,
      Tensor b,
      float beta,
      View c,
      View to,
      Tensor shape,
      int split) {
    Grid grid = new Grid(form.across(shape), form.down(shape) * parts, form.group(), 1);
    launcher.launch(
        form.kernel(), grid, a, b, beta, c, to, shape.rows(), shape.cols(), a.cols(), split);
  }
}
