// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.Arrays;

/**
 * How the rows of a sequence batch are laid out in time: step t has {@code size(t)} rows, never
 * more than the step before. Rows are ordered by length, longest first, so that step t works on the
 * first size(t) rows of the state and nothing is masked. A batch of equal lengths has equal sizes.
 *
 * <p>Sequence tensors hold the steps one after the other: [rows(), F], step t at row offset(t).
 * State tensors have {@code batch()} rows of initial state in front: [batch() + rows(), H]. The
 * state that step t reads starts at row previous(t), the one it writes at row next(t).
 */
public final class Steps {
  private final int batch;
  private final int[] sizes;
  private final int[] offsets;

  private Steps(int batch, int[] sizes) {
    this.batch = batch;
    this.sizes = sizes;
    this.offsets = new int[sizes.length + 1];
    for (int t = 0; t < sizes.length; t++) {
      offsets[t + 1] = Math.addExact(offsets[t], sizes[t]);
    }
  }

  /**
   * Equal lengths.
   *
   * @param count number of steps T, at least 0
   * @param batch rows of each step B, at least 0
   * @return T steps of B rows
   */
  public static Steps uniform(int count, int batch) {
    if (count < 0 || batch < 0) {
      throw new IllegalArgumentException(
          "steps: count and batch must not be negative: count " + count + ", batch " + batch);
    }
    int[] sizes = new int[count];
    Arrays.fill(sizes, batch);
    return new Steps(batch, sizes);
  }

  /**
   * Lengths in descending order; zero is allowed and leaves the state as it is.
   *
   * @param lengths number of steps of each row, longest first
   * @return as many steps as the longest row has
   * @throws IllegalArgumentException if a length is negative or longer than the one before
   */
  public static Steps descending(int... lengths) {
    for (int b = 0; b < lengths.length; b++) {
      if (lengths[b] < 0 || (b > 0 && lengths[b] > lengths[b - 1])) {
        throw new IllegalArgumentException(
            "steps: lengths must not be negative and must descend; length "
                + lengths[b]
                + " stands at position "
                + b
                + " of "
                + Arrays.toString(lengths));
      }
    }
    int[] sizes = new int[lengths.length == 0 ? 0 : lengths[0]];
    for (int length : lengths) {
      for (int t = 0; t < length; t++) {
        sizes[t]++;
      }
    }
    return new Steps(lengths.length, sizes);
  }

  /**
   * Number of steps T.
   *
   * @return length of the longest row
   */
  public int count() {
    return sizes.length;
  }

  /**
   * Rows of the state, B; with ragged lengths the first step may have fewer.
   *
   * @return number of sequences
   */
  public int batch() {
    return batch;
  }

  /**
   * Rows at one step.
   *
   * @param t step, 0 to count() - 1
   * @return number of sequences longer than t
   */
  public int size(int t) {
    return sizes[t];
  }

  /**
   * Rows of all steps together.
   *
   * @return sum of the lengths
   */
  public int rows() {
    return offsets[sizes.length];
  }

  /**
   * Where a step starts in a sequence tensor.
   *
   * @param t step, 0 to count()
   * @return row number
   */
  public int offset(int t) {
    return offsets[t];
  }

  /**
   * Where the state that a step reads starts in a state tensor.
   *
   * @param t step, 0 to count() - 1
   * @return row number
   */
  public int previous(int t) {
    return t == 0 ? 0 : batch + offsets[t - 1];
  }

  /**
   * Where the state that a step writes starts in a state tensor.
   *
   * @param t step, 0 to count() - 1
   * @return row number
   */
  public int next(int t) {
    return batch + offsets[t];
  }

  /**
   * Some consecutive steps. Their state tensor is the {@link #batch} plus {@link #rows} of the
   * window from row {@code previous(from)} on of that of the whole; sequences that ended before are
   * none of its sequences.
   *
   * @param from first step
   * @param count number of steps, at least 1
   * @return the window
   */
  public Steps window(int from, int count) {
    int rowsBefore = from == 0 ? batch : sizes[from - 1];
    return new Steps(rowsBefore, Arrays.copyOfRange(sizes, from, from + count));
  }

  /**
   * Whether all sequences have the same length; then the states read by all steps are the first
   * rows() rows of a state tensor.
   *
   * @return true if every step has batch() rows
   */
  public boolean isUniform() {
    return (long) sizes.length * batch == rows();
  }

  /**
   * For each row of a sequence tensor, the row of the state tensor that it reads.
   *
   * @return row numbers, rows() of them
   */
  public int[] previousRows() {
    int[] rows = new int[rows()];
    for (int t = 0; t < sizes.length; t++) {
      for (int i = 0; i < sizes[t]; i++) {
        rows[offsets[t] + i] = previous(t) + i;
      }
    }
    return rows;
  }

  /**
   * For each sequence, the row of the state tensor that holds its final state.
   *
   * @return row numbers, batch() of them
   */
  public int[] finalRows() {
    int[] rows = new int[batch];
    for (int b = 0; b < batch; b++) {
      rows[b] = b;
    }
    for (int t = 0; t < sizes.length; t++) {
      for (int i = 0; i < sizes[t]; i++) {
        rows[i] = next(t) + i;
      }
    }
    return rows;
  }

  /**
   * For each row of a sequence tensor, the row of the same sequence that is as far from its end as
   * this one is from its start. Taking these rows reverses each sequence; twice restores it.
   *
   * @return row numbers, rows() of them
   */
  public int[] reversedRows() {
    int[] rows = new int[rows()];
    int length = sizes.length;
    for (int i = 0; i < batch; i++) {
      while (length > 0 && sizes[length - 1] <= i) {
        length--;
      }
      for (int t = 0; t < length; t++) {
        rows[offsets[t] + i] = offsets[length - 1 - t] + i;
      }
    }
    return rows;
  }

  @Override
  public String toString() {
    return isUniform()
        ? count() + " steps of " + batch + " rows"
        : count() + " steps of " + Arrays.toString(sizes) + " rows";
  }
}
