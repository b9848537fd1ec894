// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import dev.unroll.nn.Parameter;
import java.util.List;

/**
 * A bound for gradients, against steps that jump too far.
 *
 * @param kind what is bounded
 * @param bound largest norm or magnitude, above 0; unused without clipping
 */
public record Clipping(Kind kind, float bound) {
  /** What is bounded. */
  public enum Kind {
    /** Nothing. */
    NONE,
    /** The 2-norm over all gradients together: all are multiplied by one factor. */
    NORM,
    /** The 2-norm of each parameter's gradient by itself. */
    PARAMETER_NORM,
    /** Each element. */
    VALUE
  }

  /** No clipping. */
  public static final Clipping NONE = new Clipping(Kind.NONE, 0);

  /**
   * Checks the bound.
   *
   * @param kind what is bounded
   * @param bound largest norm or magnitude, above 0; unused without clipping
   */
  public Clipping {
    if (kind != Kind.NONE && !(bound > 0)) {
      throw new IllegalArgumentException("clipping: the bound must be above 0: " + bound);
    }
  }

  /**
   * Clips by global norm.
   *
   * @param maxNorm largest norm
   * @return the rule
   */
  public static Clipping byNorm(float maxNorm) {
    return new Clipping(Kind.NORM, maxNorm);
  }

  /**
   * Clips each parameter's gradient by its own norm.
   *
   * @param maxNorm largest norm
   * @return the rule
   */
  public static Clipping byParameterNorm(float maxNorm) {
    return new Clipping(Kind.PARAMETER_NORM, maxNorm);
  }

  /**
   * Clips each element.
   *
   * @param bound largest magnitude
   * @return the rule
   */
  public static Clipping byValue(float bound) {
    return new Clipping(Kind.VALUE, bound);
  }

  /**
   * Measures gradients.
   *
   * @param arena takes the result
   * @param parameters whose gradients
   * @return [1, 1] 2-norm over all of them together
   */
  public static Tensor norm(Arena arena, List<Parameter> parameters) {
    Tensor norm = arena.tensor(1, 1);
    arena.ops().norm(parameters.stream().map(Parameter::grad).toList(), norm);
    return norm;
  }

  /**
   * Clips. By global norm, the gradients stay and the factor is given; else they are changed.
   *
   * @param arena takes the result
   * @param parameters whose gradients
   * @param norm their norm
   * @return [1, 1] what the optimiser has to multiply gradients by; null: nothing
   */
  public Tensor apply(Arena arena, List<Parameter> parameters, Tensor norm) {
    Ops ops = arena.ops();
    Tensor scale = null;
    if (kind == Kind.NORM) {
      scale = arena.tensor(1, 1);
      ops.clipCoefficient(norm, bound, scale);
    } else if (kind == Kind.VALUE) {
      Unary clamp = Unary.clamp(-bound, bound);
      parameters.forEach(p -> ops.map(clamp, p.grad(), p.grad()));
    } else if (kind == Kind.PARAMETER_NORM) {
      parameters.forEach(p -> shorten(arena, p));
    }
    return scale;
  }

  private void shorten(Arena arena, Parameter p) {
    Ops ops = arena.ops();
    Tensor factor = arena.tensor(1, 1);
    ops.clipCoefficient(norm(arena, List.of(p)), bound, factor);
    Tensor factors = factor.repeatRows(p.grad().rows()).repeatCols(p.grad().cols());
    ops.binary(Arithmetic.MUL, p.grad(), factors, p.grad());
  }
}
