// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Sequences of different lengths, in the caller's order, and the way to the packed form that layers
 * work on and back: longest first, time-major, without padding. Equal lengths are a special case,
 * so this is the entry for batch-first data too.
 *
 * <p>Values go in with {@link #pack} and out with {@link #unpack}; for gradients it is the other
 * way round. Padding is never read, so it may hold anything; it comes out as zeros.
 */
public final class Ragged {
  /** How the rows of a padded tensor of B sequences and T steps are ordered. */
  public enum Layout {
    /** [T, B, F]: step t of sequence b is row t * B + b. */
    TIME_MAJOR,
    /** [B, T, F]: step t of sequence b is row b * T + t. */
    BATCH_FIRST
  }

  private final int[] order;
  private final Steps steps;

  private Ragged(int[] order, Steps steps) {
    this.order = order;
    this.steps = steps;
  }

  /**
   * Sequences of these lengths; those of equal length keep their order.
   *
   * @param lengths steps of each sequence in the caller's order, 0 or more
   * @return the batch
   * @throws IllegalArgumentException if a length is negative
   */
  public static Ragged of(int... lengths) {
    int[] order =
        IntStream.range(0, lengths.length)
            .boxed()
            .sorted(Comparator.comparingInt(b -> -lengths[b]))
            .mapToInt(b -> b)
            .toArray();
    return new Ragged(order, Steps.descending(Arrays.stream(order).map(b -> lengths[b]).toArray()));
  }

  /**
   * The layout in time of the packed form.
   *
   * @return steps of descending sizes
   */
  public Steps steps() {
    return steps;
  }

  /**
   * Which sequences the packed rows belong to.
   *
   * @return at i the caller's number of the i-th longest sequence
   */
  public int[] order() {
    return order.clone();
  }

  /**
   * Packs integers, such as token ids and targets.
   *
   * @param padded [T * B]
   * @param layout order of its elements
   * @return [N]
   */
  public int[] pack(int[] padded, Layout layout) {
    int[] from = paddedRows(layout, paddedSteps(padded.length));
    return Arrays.stream(from).map(row -> padded[row]).toArray();
  }

  /**
   * Packs integers of sequences that need no padding.
   *
   * @param sequences one for each length, in the caller's order
   * @return [N]
   * @throws IllegalArgumentException if a sequence does not have its length
   */
  public int[] pack(int[]... sequences) {
    if (sequences.length != order.length) {
      throw new IllegalArgumentException(
          "ragged: there are " + sequences.length + " sequences, not " + order.length);
    }
    int[] packed = new int[steps.rows()];
    for (int i = 0; i < order.length; i++) {
      int[] sequence = sequences[order[i]];
      int length = 0;
      while (length < steps.count() && i < steps.size(length)) {
        if (length < sequence.length) {
          packed[steps.offset(length) + i] = sequence[length];
        }
        length++;
      }
      if (sequence.length != length) {
        throw new IllegalArgumentException(
            "ragged: sequence " + order[i] + " has " + sequence.length + " values, not " + length);
      }
    }
    return packed;
  }

  /**
   * Packs rows.
   *
   * @param arena takes the result
   * @param padded [T * B, F]
   * @param layout order of its rows
   * @return [N, F]
   */
  public Tensor pack(Arena arena, Tensor padded, Layout layout) {
    return gather(arena, padded, paddedRows(layout, paddedSteps(padded.rows())));
  }

  /**
   * Unpacks rows.
   *
   * @param arena takes the result
   * @param packed [N, F]
   * @param layout order of the result's rows
   * @param paddedSteps T, at least the longest length
   * @return [T * B, F], zeros beyond each length
   */
  public Tensor unpack(Arena arena, Tensor packed, Layout layout, int paddedSteps) {
    int[] from = new int[Math.multiplyExact(paddedSteps, order.length)];
    requirePadded(from.length);
    Arrays.fill(from, -1);
    int[] to = paddedRows(layout, paddedSteps);
    for (int row = 0; row < to.length; row++) {
      from[to[row]] = row;
    }
    return gather(arena, packed, from);
  }

  /**
   * Brings rows, one for each sequence, into the packed order.
   *
   * @param arena takes the result
   * @param rows [B, F], or [layers, B, F], in the caller's order
   * @return the same shape, longest sequence first
   */
  public Tensor toPacked(Arena arena, Tensor rows) {
    return reorder(arena, rows, order);
  }

  /**
   * Brings rows, one for each sequence, into the caller's order.
   *
   * @param arena takes the result
   * @param rows [B, F], or [layers, B, F], longest sequence first
   * @return the same shape, in the caller's order
   */
  public Tensor toCaller(Arena arena, Tensor rows) {
    int[] inverse = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      inverse[order[i]] = i;
    }
    return reorder(arena, rows, inverse);
  }

  /**
   * Brings a state into the packed order.
   *
   * @param arena takes the result
   * @param state in the caller's order
   * @return longest sequence first
   */
  public State toPacked(Arena arena, State state) {
    State packed = State.NONE;
    for (Map.Entry<String, Tensor> e : state.tensors().entrySet()) {
      packed = packed.with(e.getKey(), toPacked(arena, e.getValue()));
    }
    return packed;
  }

  /**
   * Brings a state into the caller's order.
   *
   * @param arena takes the result
   * @param state longest sequence first
   * @return in the caller's order
   */
  public State toCaller(Arena arena, State state) {
    State callers = State.NONE;
    for (Map.Entry<String, Tensor> e : state.tensors().entrySet()) {
      callers = callers.with(e.getKey(), toCaller(arena, e.getValue()));
    }
    return callers;
  }

  /** By which number random generators know each of N packed rows, or of B: t * B + sequence. */
  int[] rowIds(int rows) {
    return rows == order.length ? order.clone() : paddedRows(Layout.TIME_MAJOR, steps.count());
  }

  /** For each packed row, the row of the padded tensor it stands in. */
  private int[] paddedRows(Layout layout, int paddedSteps) {
    int[] rows = new int[steps.rows()];
    for (int t = 0; t < steps.count(); t++) {
      for (int i = 0; i < steps.size(t); i++) {
        rows[steps.offset(t) + i] =
            layout == Layout.TIME_MAJOR ? t * order.length + order[i] : order[i] * paddedSteps + t;
      }
    }
    return rows;
  }

  /** T of a padded tensor. */
  private int paddedSteps(int rows) {
    requirePadded(rows);
    return order.length == 0 ? 0 : rows / order.length;
  }

  private void requirePadded(int rows) {
    int batch = order.length;
    boolean whole = batch == 0 ? rows == 0 : rows % batch == 0;
    if (!whole || rows < (long) batch * steps.count()) {
      throw new IllegalArgumentException(
          "ragged: "
              + rows
              + " padded rows are not "
              + batch
              + " sequences of equally many steps, at least "
              + steps.count());
    }
  }

  private Tensor reorder(Arena arena, Tensor rows, int[] from) {
    int batch = from.length;
    if (batch == 0 ? rows.rows() != 0 : rows.rows() % batch != 0) {
      throw new IllegalArgumentException(
          "ragged: " + rows + " does not have a multiple of " + batch + " rows");
    }
    int[] all =
        IntStream.range(0, rows.rows()).map(r -> r / batch * batch + from[r % batch]).toArray();
    Tensor result = arena.tensor(rows.shape());
    arena.ops().gather(rows, arena.indices(all), result);
    return result;
  }

  private static Tensor gather(Arena arena, Tensor from, int[] rows) {
    Indices indices = arena.indices(rows);
    Tensor result = arena.tensor(rows.length, from.cols());
    arena.ops().gather(from, indices, result);
    return result;
  }
}
