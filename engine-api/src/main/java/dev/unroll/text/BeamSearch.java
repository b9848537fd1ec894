// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Pass;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Keeps the most likely beginnings at each step, all of them one batch. Scores are sums of
 * log-probabilities, in double; finished texts are ranked by score / ((5 + length) / 6)^penalty (Y.
 * Wu et al., 2016).
 *
 * @param width beginnings that are kept, at least 1; 1 is the greedy search
 * @param length symbols at most
 * @param penalty 0 ranks by the plain score; larger values favour longer texts
 * @param end id that ends a text; -1 if there is none
 */
public record BeamSearch(int width, int length, double penalty, int end) {
  /**
   * A text that was found.
   *
   * @param ids its symbols, without the ending one
   * @param score what it is ranked by
   * @param finished whether it ended with the ending symbol
   */
  public record Hypothesis(int[] ids, double score, boolean finished) {}

  /** A beginning: its symbols, the sum of their log-probabilities, and the row of its state. */
  private record Beginning(int[] ids, double logProbability, int row) {}

  /**
   * Checks the settings.
   *
   * @param width beginnings that are kept, at least 1; 1 is the greedy search
   * @param length symbols at most
   * @param penalty 0 ranks by the plain score; larger values favour longer texts
   * @param end id that ends a text; -1 if there is none
   */
  public BeamSearch {
    if (width < 1 || length < 0 || !(penalty >= 0 && penalty <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "beam search: width must be at least 1, length and penalty at least 0: "
              + width
              + ", "
              + length
              + ", "
              + penalty);
    }
  }

  /**
   * Searches.
   *
   * @param ops where the model lives
   * @param network ids [N] to logits
   * @param start state for a batch of 1; not changed
   * @param first logits of the first symbol
   * @return at most {@code width} texts, the best first
   */
  List<Hypothesis> run(Ops ops, Layer<Indices> network, State start, float[] first) {
    List<Hypothesis> done = new ArrayList<>();
    List<Beginning> beam = List.of(new Beginning(new int[0], 0, 0));
    float[] logits = first;
    try (Arena arena = ops.arena("beam search")) {
      State state = repeated(arena, start);
      for (int i = 0; i < length && !beam.isEmpty() && done.size() < width; i++) {
        beam = best(beam, logits, done);
        if (!beam.isEmpty() && i + 1 < length) {
          logits = step(ops, network, state, beam, first.length);
        }
      }
    }
    if (done.size() < width) {
      beam.forEach(b -> done.add(hypothesis(b.ids, b.logProbability, false)));
    }
    return done.stream()
        .sorted(Comparator.comparingDouble((Hypothesis h) -> -h.score))
        .limit(width)
        .toList();
  }

  /** The best continuations; those that end go to the finished ones. */
  private List<Beginning> best(List<Beginning> beam, float[] logits, List<Hypothesis> done) {
    int symbols = logits.length / beam.size();
    List<Beginning> candidates = new ArrayList<>();
    for (int b = 0; b < beam.size(); b++) {
      Beginning from = beam.get(b);
      double[] logProbabilities = logSoftmax(logits, b * symbols, symbols);
      int row = b;
      IntStream.range(0, symbols)
          .boxed()
          .sorted(Comparator.comparingDouble(id -> -logProbabilities[id]))
          .limit(width + 1L)
          .forEach(
              id ->
                  candidates.add(
                      new Beginning(
                          append(from.ids, id), from.logProbability + logProbabilities[id], row)));
    }
    candidates.sort(Comparator.comparingDouble(c -> -c.logProbability));
    List<Beginning> kept = new ArrayList<>();
    for (int rank = 0; rank < Math.min(candidates.size(), 2 * width); rank++) {
      Beginning c = candidates.get(rank);
      boolean ends = c.ids[c.ids.length - 1] == end;
      // An end that is not among the best is no answer: the greedy search would stop too early.
      if (ends && rank < width) {
        int[] ids = Arrays.copyOf(c.ids, c.ids.length - 1);
        done.add(hypothesis(ids, c.logProbability, true));
      } else if (!ends && kept.size() < width) {
        kept.add(c);
      }
    }
    return kept;
  }

  private Hypothesis hypothesis(int[] ids, double logProbability, boolean finished) {
    double norm = StrictMath.pow((5.0 + ids.length) / 6, penalty);
    return new Hypothesis(ids, logProbability / norm, finished);
  }

  /** Feeds the last symbol of each beginning, on the state of the one it continues. */
  private float[] step(
      Ops ops, Layer<Indices> network, State state, List<Beginning> beam, int symbols) {
    try (Arena step = ops.arena("beam step")) {
      int[] parents = new int[width];
      int[] ids = new int[width];
      for (int b = 0; b < width; b++) {
        Beginning beginning = beam.get(Math.min(b, beam.size() - 1));
        parents[b] = beginning.row;
        ids[b] = beginning.ids[beginning.ids.length - 1];
      }
      State from = gathered(step, state, parents);
      Trace trace =
          network.forward(Pass.of(step, Steps.uniform(1, width)), step.indices(ids), from);
      trace.finalState().copyTo(ops, state);
      return Arrays.copyOf(ops.read(trace.output()), beam.size() * symbols);
    }
  }

  /** The state of one text as that of {@code width} equal ones. */
  private State repeated(Arena arena, State one) {
    State all = State.NONE;
    for (Map.Entry<String, Tensor> e : one.tensors().entrySet()) {
      Tensor t = e.getValue();
      Tensor many = arena.tensor(t.rows(), width, t.cols());
      int[] rows = IntStream.range(0, t.rows() * width).map(r -> r / width).toArray();
      arena.ops().gather(t, arena.indices(rows), many);
      all = all.with(e.getKey(), many);
    }
    return all;
  }

  private State gathered(Arena arena, State state, int... parents) {
    State all = State.NONE;
    for (Map.Entry<String, Tensor> e : state.tensors().entrySet()) {
      Tensor t = e.getValue();
      Tensor chosen = arena.tensor(t.shape());
      int[] rows =
          IntStream.range(0, t.rows()).map(r -> r / width * width + parents[r % width]).toArray();
      arena.ops().gather(t, arena.indices(rows), chosen);
      all = all.with(e.getKey(), chosen);
    }
    return all;
  }

  private static double[] logSoftmax(float[] logits, int from, int count) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, logits[from + i]);
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += StrictMath.exp(logits[from + i] - largest);
    }
    double[] result = new double[count];
    for (int i = 0; i < count; i++) {
      result[i] = logits[from + i] - largest - StrictMath.log(sum);
    }
    return result;
  }

  private static int[] append(int[] ids, int id) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = id;
    return longer;
  }
}
