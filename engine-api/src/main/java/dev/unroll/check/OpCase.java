// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Arena;
import dev.unroll.FusedOperations;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One operation at one size and memory layout, with what it takes to run it, to time it and to
 * judge it. Inputs lie inside larger buffers, outputs start as NaN, and the same seed gives the
 * same inputs on every backend.
 */
public final class OpCase {
  /** Runs the operation on prepared operands. */
  @FunctionalInterface
  interface Body {
    void run(FusedOperations ops, Tensor[] tensors, Indices[] indices);
  }

  /** The oracle: what each result should be, from the operands as they were before. */
  @FunctionalInterface
  interface Truth {
    List<Judged> of(Mat[] operands);
  }

  private final String op;
  private final String name;
  private final long flops;
  private final List<Operand> operands;
  private final List<int[]> indices;
  private final Body body;
  private final Truth truth;

  OpCase(CaseBuilder from, Body body, Truth truth) {
    this.op = from.op;
    this.name = from.name();
    this.flops = from.flops;
    this.operands = List.copyOf(from.operands);
    this.indices = List.copyOf(from.indices);
    this.body = body;
    this.truth = truth;
  }

  /**
   * The operation.
   *
   * @return the name of a method of {@link FusedOperations}
   */
  public String op() {
    return op;
  }

  /**
   * The case in words.
   *
   * @return operation, sizes, settings and layouts, such as {@code "matmul 17x65x33 beta=1.0
   *     cols/t/dense"}
   */
  public String name() {
    return name;
  }

  /**
   * The work.
   *
   * @return additions and multiplications, or elements written where functions count
   */
  public long flops() {
    return flops;
  }

  /**
   * The least traffic.
   *
   * @return bytes read and written if each operand passes once
   */
  public long bytes() {
    long elements = 0;
    for (Operand operand : operands) {
      elements += operand.size() * (operand.role() == Operand.Role.UPDATED ? 2 : 1);
    }
    for (int[] values : indices) {
      elements += values.length;
    }
    return 4 * elements;
  }

  /** A case on a backend, ready to run. */
  public interface Run {
    /** Runs the operation once; what a benchmark repeats. */
    void launch();

    /**
     * Runs the operation once through another face of the same backend.
     *
     * @param face such as {@link Primitives#of}
     */
    void launch(FusedOperations face);

    /**
     * Reads the results, waiting for them.
     *
     * @return one row-major array for each output, in the order of the parameters
     */
    float[][] results();

    /**
     * Whether inputs and everything around inputs and outputs are as they were.
     *
     * @return false if the operation wrote where it must not
     */
    boolean guardsIntact();
  }

  /**
   * Makes the operands.
   *
   * @param ops where to run
   * @param arena owns the operands
   * @param seed of the inputs
   * @return what launches the operation
   */
  public Run prepare(Ops ops, Arena arena, long seed) {
    List<Guarded> made = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      Operand operand = operands.get(i);
      made.add(
          operand.alias() >= 0
              ? made.get(operand.alias())
              : new Guarded(ops, arena, operand, seed, Philox.stream(Philox.DATA, i)));
    }
    Tensor[] tensors = made.stream().map(g -> g.view).toArray(Tensor[]::new);
    Indices[] numbers = indices.stream().map(arena::indices).toArray(Indices[]::new);
    return new Prepared(ops, made, tensors, numbers);
  }

  /**
   * Judges results by the oracle.
   *
   * @param seed the inputs were made from
   * @param results from {@link Run#results}
   * @param slack factor of every bound: 1, or more in FAST precision
   * @return what differs
   */
  public Differences judge(long seed, float[][] results, double slack) {
    Mat[] inputs = new Mat[operands.size()];
    for (int i = 0; i < inputs.length; i++) {
      Operand operand = operands.get(i);
      inputs[i] =
          operand.alias() >= 0
              ? inputs[operand.alias()].copy()
              : Guarded.logical(operand, seed, Philox.stream(Philox.DATA, i));
    }
    Differences found = new Differences();
    List<Judged> expected = truth.of(inputs);
    List<Operand> outputs = operands.stream().filter(Operand::isResult).toList();
    if (expected.size() != outputs.size()) {
      throw new AssertionError(name + ": the oracle gives " + expected.size() + " results");
    }
    for (int i = 0; i < expected.size(); i++) {
      found.judge(i, expected.get(i), outputs.get(i).firstCol(), results[i], slack);
    }
    return found;
  }

  @Override
  public String toString() {
    return name;
  }

  private final class Prepared implements Run {
    private final Ops ops;
    private final List<Guarded> guarded;
    private final Tensor[] tensors;
    private final Indices[] numbers;

    Prepared(Ops ops, List<Guarded> guarded, Tensor[] tensors, Indices[] numbers) {
      this.ops = ops;
      this.guarded = guarded;
      this.tensors = tensors;
      this.numbers = numbers;
    }

    @Override
    public void launch() {
      launch(ops);
    }

    @Override
    public void launch(FusedOperations face) {
      body.run(face, tensors, numbers);
    }

    @Override
    public float[][] results() {
      List<float[]> results = new ArrayList<>();
      for (int i = 0; i < tensors.length; i++) {
        Operand operand = operands.get(i);
        if (operand.isResult()) {
          int first = operand.firstCol();
          results.add(ops.read(tensors[i].cols(first, operand.cols() - first)));
        }
      }
      return results.toArray(float[][]::new);
    }

    @Override
    public boolean guardsIntact() {
      for (int i = 0; i < tensors.length; i++) {
        boolean written = false;
        for (int j = 0; j < tensors.length; j++) {
          written |= guarded.get(j) == guarded.get(i) && operands.get(j).isResult();
        }
        if (!guarded.get(i).intact(written)) {
          return false;
        }
      }
      return true;
    }
  }
}
