// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.AdamStep;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.FusedOperations;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Wrong arguments, and what the message must say: the operation, the operands, the sizes. */
final class Mistakes {
  /** A call that must be refused. */
  @FunctionalInterface
  private interface Call {
    void make(Ops ops, Mistakes m);
  }

  /** A mistake with the parts its message must have. */
  record Mistake(String op, String what, Call call, List<String> parts) {
    String name() {
      return op + ": " + what;
    }

    void check(Ops ops) {
      try (Arena arena = ops.arena("mistake")) {
        Mistakes operands = new Mistakes(arena);
        assertThatThrownBy(() -> call.make(ops, operands))
            .as(name())
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith(op + ": ")
            .satisfies(e -> parts.forEach(part -> assertThat(e).hasMessageContaining(part)));
      }
    }
  }

  private static final String SHAPE = "shapes";
  private static final SgdStep SGD = new SgdStep(0, 0, 1, false, false);
  private static final AdamStep ADAM = new AdamStep(0.9f, 0.1f, 0.99f, 0.01f, 1e-8f, 0);
  private static final RmspropStep RMSPROP = new RmspropStep(0.99f, 0.01f, 1e-8f, 0, 0);

  private final Arena arena;

  private Mistakes(Arena arena) {
    this.arena = arena;
  }

  private Tensor t(int rows, int cols) {
    return arena.tensor(rows, cols);
  }

  private Indices n(int... values) {
    return arena.indices(values);
  }

  static List<Mistake> all() {
    List<Mistake> all = new ArrayList<>();
    elementwise(all);
    rows(all);
    losses(all);
    optimisers(all);
    cells(all);
    sequences(all);
    gruSequences(all);
    overlaps(all);
    broadcastOutputs(all);
    values(all);
    Set<String> shapes =
        all.stream().filter(m -> m.what.equals(SHAPE)).map(Mistake::op).collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>();
    for (Method method : FusedOperations.class.getMethods()) {
      missing.add(method.getName());
    }
    missing.removeAll(shapes);
    missing.remove("fill"); // takes any shape
    missing.remove("norm"); // its inputs may have any shape; the output is a mistake of its own
    assertThat(missing).as("operations without a case of differing shapes").isEmpty();
    return all;
  }

  private static void add(List<Mistake> all, String op, String what, Call call, String... parts) {
    all.add(new Mistake(op, what, call, List.of(parts)));
  }

  private static void shape(List<Mistake> all, String op, Call call, String... parts) {
    add(all, op, SHAPE, call, parts);
  }

  private static void elementwise(List<Mistake> all) {
    String a = "[2x3]";
    String b = "[3x2]";
    shape(all, "axpby", (o, m) -> o.axpby(1, m.t(2, 3), 1, m.t(3, 2)), a, b);
    shape(all, "binary", (o, m) -> o.binary(Arithmetic.ADD, m.t(3, 2), m.t(2, 3), m.t(3, 2)), a, b);
    shape(all, "map", (o, m) -> o.map(Unary.EXP, m.t(2, 3), m.t(3, 2)), a, b);
    shape(all, "copy", (o, m) -> o.copy(m.t(2, 3), m.t(3, 2)), a, b);
    shape(all, "activate", (o, m) -> o.activate(Activation.TANH, m.t(2, 3), m.t(3, 2)), a, b);
    shape(
        all,
        "activateGrad",
        (o, m) -> o.activateGrad(Activation.TANH, null, m.t(2, 3), m.t(3, 2), m.t(3, 2)),
        a,
        b);
    shape(
        all,
        "dropout",
        (o, m) -> o.dropout(0.5f, m.n(1, 2, 3, 4), 1, null, m.t(2, 3), m.t(3, 2)),
        a,
        b);
    shape(
        all,
        "elementLoss",
        (o, m) -> o.elementLoss(ElementLoss.SQUARED, m.t(3, 2), m.t(2, 3), m.t(3, 2)),
        a,
        b);
    shape(
        all,
        "elementLossGrad",
        (o, m) ->
            o.elementLossGrad(ElementLoss.SQUARED, m.t(3, 2), m.t(3, 2), m.t(2, 3), 1, m.t(3, 2)),
        a,
        b);
    add(all, "fill", "null", (o, m) -> o.fill(1, null), "null");
  }

  private static void rows(List<Mistake> all) {
    String a = "[2x3]";
    shape(all, "sumRows", (o, m) -> o.sumRows(m.t(5, 4), 0, m.t(2, 3)), a, "[1x4]");
    shape(all, "sumColumns", (o, m) -> o.sumColumns(m.t(5, 4), m.t(2, 3)), a, "[5x1]");
    shape(all, "maxColumns", (o, m) -> o.maxColumns(m.t(5, 4), m.t(2, 3)), a, "[5x1]");
    shape(all, "sum", (o, m) -> o.sum(m.t(5, 4), 1, m.t(2, 3)), a, "[1x1]");
    add(all, "norm", "output", (o, m) -> o.norm(List.of(m.t(5, 4)), m.t(2, 3)), a, "[1x1]");
    shape(all, "clipCoefficient", (o, m) -> o.clipCoefficient(m.t(1, 1), 1, m.t(2, 3)), a, "[1x1]");
    shape(
        all,
        "matmul",
        (o, m) -> o.matmul(m.t(3, 4), m.t(5, 6), 0, m.t(3, 6)),
        "inner sizes differ",
        "a is [3x4]",
        "b is [5x6]");
    add(
        all,
        "matmul",
        "output",
        (o, m) -> o.matmul(m.t(3, 4), m.t(4, 6), 0, m.t(2, 3)),
        "[3x6]",
        a);
    shape(
        all,
        "linear",
        (o, m) -> o.linear(m.t(1, 3), m.t(3, 4), m.t(4, 6), m.t(3, 6)),
        "[1x6]",
        "[1x3]");
    add(
        all,
        "linear",
        "inner sizes",
        (o, m) -> o.linear(null, m.t(3, 4), m.t(5, 6), m.t(3, 6)),
        "a is [3x4]",
        "b is [5x6]");
    shape(all, "softmax", (o, m) -> o.softmax(m.t(3, 2), m.t(2, 3)), a, "[3x2]");
    shape(all, "softmaxGrad", (o, m) -> o.softmaxGrad(m.t(3, 2), m.t(2, 3), m.t(3, 2)), a, "[3x2]");
    shape(all, "logSoftmax", (o, m) -> o.logSoftmax(m.t(3, 2), m.t(2, 3)), a, "[3x2]");
    shape(
        all,
        "logSoftmaxGrad",
        (o, m) -> o.logSoftmaxGrad(m.t(3, 2), m.t(2, 3), m.t(3, 2)),
        a,
        "[3x2]");
    shape(all, "layerNorm", (o, m) -> o.layerNorm(0, m.t(3, 2), m.t(2, 3), m.t(3, 1)), a, "[3x2]");
    shape(
        all,
        "layerNormGrad",
        (o, m) -> o.layerNormGrad(m.t(2, 3), m.t(3, 1), m.t(2, 3), m.t(2, 3)),
        "[2x1]",
        "[3x1]");
    shape(all, "gather", (o, m) -> o.gather(m.t(5, 4), m.n(1, 2), m.t(2, 3)), a, "[2x4]");
    shape(all, "scatterAdd", (o, m) -> o.scatterAdd(m.t(2, 4), m.n(1, 0), m.t(2, 3)), "[2x4]", a);
  }

  private static void losses(List<Mistake> all) {
    CrossEntropy mean = CrossEntropy.MEAN;
    shape(
        all,
        "crossEntropy",
        (o, m) -> o.crossEntropy(mean, m.t(2, 4), m.n(0, 1), null, m.t(2, 3), m.t(1, 1), m.t(1, 1)),
        "[2x3]",
        "[2x1]");
    shape(
        all,
        "crossEntropyGrad",
        (o, m) ->
            o.crossEntropyGrad(mean, m.t(2, 4), m.n(0, 1), null, m.t(1, 1), m.t(1, 1), m.t(2, 3)),
        "[2x3]",
        "[2x4]");
    shape(
        all,
        "crossEntropyWithGrad",
        (o, m) ->
            o.crossEntropyWithGrad(
                mean, m.t(2, 4), m.n(0, 1), m.t(2, 3), m.t(1, 1), m.t(2, 1), m.t(1, 1), m.t(1, 1),
                m.t(2, 4)),
        "[2x3]",
        "[1x4]");
    add(
        all,
        "crossEntropy",
        "number of targets",
        (o, m) ->
            o.crossEntropy(mean, m.t(2, 4), m.n(0, 1, 2), null, m.t(2, 1), m.t(1, 1), m.t(1, 1)),
        "targets must have 2 values, has 3");
  }

  private static void optimisers(List<Mistake> all) {
    List<Tensor> none = List.of();
    shape(
        all,
        "sgdStep",
        (o, m) -> o.sgdStep(SGD, m.t(1, 1), null, List.of(m.t(2, 3)), List.of(m.t(3, 2)), none),
        "[2x3]",
        "[3x2]");
    shape(
        all,
        "adamStep",
        (o, m) -> {
          List<Tensor> p = List.of(m.t(2, 3));
          List<Tensor> g = List.of(m.t(2, 3));
          o.adamStep(ADAM, m.t(1, 3), null, p, g, List.of(m.t(3, 2)), List.of(m.t(2, 3)), none);
        },
        "[2x3]",
        "[3x2]");
    shape(
        all,
        "rmspropStep",
        (o, m) -> {
          List<Tensor> p = List.of(m.t(2, 3));
          o.rmspropStep(
              RMSPROP, m.t(2, 2), null, p, List.of(m.t(2, 3)), List.of(m.t(2, 3)), none, none);
        },
        "[2x2]",
        "[1x1]");
    add(
        all,
        "adamStep",
        "number of gradients",
        (o, m) -> o.adamStep(ADAM, m.t(1, 3), null, List.of(m.t(2, 3)), none, none, none, none),
        "expected 1 gradients, got 0");
  }

  private static void cells(List<Mistake> all) {
    String bad = "[2x3]";
    shape(
        all,
        "lstmCell",
        (o, m) -> o.lstmCell(m.t(2, 3), m.t(2, 5), m.t(2, 5), m.t(2, 5), m.t(2, 5)),
        bad,
        "[2x20]");
    shape(
        all,
        "lstmCellGrad",
        (o, m) -> o.lstmCellGrad(m.t(2, 3), m.t(2, 5), m.t(2, 5), m.t(2, 5), m.t(2, 5), m.t(2, 20)),
        bad,
        "[2x20]");
    shape(
        all,
        "gruCell",
        (o, m) -> o.gruCell(m.t(2, 15), m.t(2, 3), m.t(2, 5), m.t(2, 5)),
        bad,
        "[2x15]");
    shape(
        all,
        "gruCellGrad",
        (o, m) ->
            o.gruCellGrad(m.t(2, 15), m.t(2, 3), m.t(2, 5), m.t(2, 5), m.t(2, 15), m.t(2, 15)),
        bad,
        "[2x15]");
  }

  private static void sequences(List<Mistake> all) {
    Steps steps = Steps.uniform(3, 2);
    String bad = "[2x3]";
    shape(
        all,
        "rnnSequence",
        (o, m) -> o.rnnSequence(steps, Activation.TANH, m.t(5, 5), m.t(2, 3), m.t(8, 5)),
        bad,
        "[6x5]");
    shape(
        all,
        "rnnSequenceGrad",
        (o, m) ->
            o.rnnSequenceGrad(
                steps,
                Activation.TANH,
                m.t(5, 5),
                m.t(6, 5),
                m.t(2, 3),
                null,
                m.t(2, 5),
                m.t(6, 5)),
        bad,
        "[8x5]");
    shape(
        all,
        "lstmSequence",
        (o, m) -> o.lstmSequence(steps, m.t(20, 5), m.t(6, 20), m.t(2, 3), m.t(8, 5), m.t(6, 5)),
        bad,
        "[8x5]");
    shape(
        all,
        "lstmSequenceGrad",
        (o, m) ->
            o.lstmSequenceGrad(
                steps,
                m.t(20, 5),
                m.t(6, 20),
                m.t(8, 5),
                m.t(6, 5),
                null,
                m.t(2, 3),
                m.t(2, 5),
                m.t(6, 20)),
        bad,
        "[2x5]");
  }

  private static void gruSequences(List<Mistake> all) {
    Steps steps = Steps.uniform(3, 2);
    String bad = "[2x3]";
    shape(
        all,
        "gruSequence",
        (o, m) -> o.gruSequence(steps, m.t(15, 5), m.t(2, 3), m.t(6, 15), m.t(6, 15), m.t(8, 5)),
        bad,
        "[1x15]");
    shape(
        all,
        "gruSequenceGrad",
        (o, m) ->
            o.gruSequenceGrad(
                steps,
                m.t(15, 5),
                m.t(6, 15),
                m.t(6, 15),
                m.t(8, 5),
                m.t(2, 3),
                m.t(2, 5),
                m.t(6, 15),
                m.t(6, 15)),
        bad,
        "[6x5]");
  }

  private static void overlaps(List<Mistake> all) {
    add(
        all,
        "copy",
        "partial overlap",
        (o, m) -> {
          Tensor x = m.t(5, 4);
          o.copy(x.rows(0, 3), x.rows(1, 3));
        },
        "partly overlaps",
        "[3x4]");
    add(
        all,
        "activate",
        "shifted columns",
        (o, m) -> {
          Tensor x = m.t(5, 4);
          o.activate(Activation.TANH, x.cols(0, 3), x.cols(1, 3));
        },
        "partly overlaps",
        "[5x3]");
    add(
        all,
        "matmul",
        "in place",
        (o, m) -> {
          Tensor x = m.t(4, 4);
          o.matmul(x, m.t(4, 4), 0, x);
        },
        "overlaps",
        "[4x4]");
    add(
        all,
        "linear",
        "over its bias",
        (o, m) -> {
          Tensor x = m.t(5, 4);
          o.linear(x.rows(1, 1), m.t(4, 3), m.t(3, 4), x.rows(0, 4));
        },
        "overlaps",
        "[1x4]");
    add(
        all,
        "sumRows",
        "into its input",
        (o, m) -> {
          Tensor x = m.t(4, 4);
          o.sumRows(x, 0, x.rows(2, 1));
        },
        "overlaps",
        "[1x4]");
  }

  private static void broadcastOutputs(List<Mistake> all) {
    add(
        all,
        "fill",
        "broadcast",
        (o, m) -> o.fill(1, m.t(1, 4).repeatRows(3)),
        "broadcast",
        "[3x4]");
    add(
        all,
        "matmul",
        "broadcast output",
        (o, m) -> o.matmul(m.t(3, 2), m.t(2, 4), 0, m.t(1, 4).repeatRows(3)),
        "broadcast",
        "[3x4]");
    add(
        all,
        "softmax",
        "broadcast output",
        (o, m) -> o.softmax(m.t(3, 4), m.t(3, 1).repeatCols(4)),
        "broadcast",
        "[3x4]");
  }

  private static void values(List<Mistake> all) {
    add(all, "tensor", "negative size", (o, m) -> m.t(-1, 3), "negative", "[-1, 3]");
    add(all, "tensor", "too large", (o, m) -> m.t(1 << 16, 1 << 16), "2^31 - 1", "65536");
    add(
        all,
        "gather",
        "row out of range",
        (o, m) -> o.gather(m.t(5, 4), m.n(0, 5), m.t(2, 4)),
        "value 5 at position 1",
        "-1 to 4");
    add(
        all,
        "scatterAdd",
        "row out of range",
        (o, m) -> o.scatterAdd(m.t(2, 4), m.n(-2, 0), m.t(5, 4)),
        "value -2 at position 0",
        "to 4");
    add(
        all,
        "crossEntropy",
        "class out of range",
        (o, m) ->
            o.crossEntropy(
                CrossEntropy.MEAN, m.t(3, 4), m.n(0, 1, 4), null, m.t(3, 1), m.t(1, 1), m.t(1, 1)),
        "value 4 at position 2",
        "0 to 3");
    add(
        all,
        "dropout",
        "p",
        (o, m) -> o.dropout(1, m.n(0, 0, 0, 0), 1, null, m.t(1, 1), m.t(1, 1)),
        "p must be",
        "1.0");
    add(
        all,
        "dropout",
        "key",
        (o, m) -> o.dropout(0.5f, m.n(0, 0), 1, null, m.t(1, 1), m.t(1, 1)),
        "key must have 4 values, has 2");
    add(
        all,
        "clipCoefficient",
        "bound",
        (o, m) -> o.clipCoefficient(m.t(1, 1), Float.NaN, m.t(1, 1)),
        "maxNorm",
        "NaN");
    add(all, "write", "length", (o, m) -> o.write(new float[5], m.t(2, 3)), "5 values", "of 6");
  }
}
