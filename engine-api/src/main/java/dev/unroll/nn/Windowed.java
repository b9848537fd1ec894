// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A run through time as a row of windows, each a run of its own from the state that the one before
 * left. Gradients of states are cut between windows where the pass truncates.
 *
 * <p>Where it recomputes, only h stays of the states of all steps. The gates stand in the memory
 * that their gradients will take, so they cost none; on the way back those of a window step aside,
 * and its other states are computed once more from them and from the state before the window.
 */
final class Windowed implements Unrolled {
  private final Recurrent layer;
  private final Pass pass;
  private final int run;
  private final Consumer<Tensor> input;
  private final Gates gates;
  private final List<Tensor> states;
  private final int[] starts;

  /** What each window left; none where the pass recomputes. */
  private final List<Unrolled> kept = new ArrayList<>();

  /** Whether gradients took the place of the gates. */
  private boolean spent;

  /**
   * Runs forward.
   *
   * @param input writes the input's part of the gates, [N, gates * H]
   * @param states [B + N, H] each; the first B rows are filled; where the pass recomputes, those
   *     but the first are [(windows + 1) * B, H], the state before each window and after the last
   */
  Windowed(Recurrent layer, Pass pass, int run, Consumer<Tensor> input, List<Tensor> states) {
    this.layer = layer;
    this.pass = pass;
    this.run = run;
    this.input = input;
    this.gates = layer.gates(pass.arena(), pass.steps().rows());
    this.states = states;
    this.starts = starts(pass);
    forward();
  }

  private void forward() {
    input.accept(gates.fromX());
    for (int w = 0; w < windows(); w++) {
      if (recomputes()) {
        try (Arena scratch = pass.ops().arena("window")) {
          List<Tensor> own = scratchStates(scratch, w);
          layer.fused(scratch, steps(w), layer.weights(run), rows(gates, w), own);
          keepLast(scratch, w, own);
        }
      } else {
        kept.add(
            layer.fused(
                pass.arena(), steps(w), layer.weights(run), rows(gates, w), window(w, states)));
      }
    }
    spent = false;
  }

  private boolean recomputes() {
    return pass.recompute() > 0;
  }

  @Override
  public Gates spare() {
    return recomputes() ? gates : null;
  }

  /** Whether a pass runs in windows. */
  static boolean wanted(Pass pass) {
    return pass.steps().count() > 0 && (pass.recompute() > 0 || pass.truncate() > 0);
  }

  /** First steps of all windows of a pass. */
  static int[] starts(Pass pass) {
    return IntStream.range(0, pass.steps().count())
        .filter(t -> t == 0 || cuts(pass.recompute(), t) || cuts(pass.truncate(), t))
        .toArray();
  }

  private static boolean cuts(int every, int t) {
    return every > 0 && t % every == 0;
  }

  private int windows() {
    return starts.length;
  }

  private Steps steps(int w) {
    int end = w + 1 == windows() ? pass.steps().count() : starts[w + 1];
    return pass.steps().window(starts[w], end - starts[w]);
  }

  private Gates rows(Gates all, int w) {
    return all.rows(pass.steps().offset(starts[w]), steps(w).rows());
  }

  /** The rows of whole state tensors that belong to a window. */
  private List<Tensor> window(int w, List<Tensor> whole) {
    Steps steps = steps(w);
    int from = pass.steps().previous(starts[w]);
    return whole.stream().map(s -> s.rows(from, steps.batch() + steps.rows())).toList();
  }

  /** A window's states: h where it stays, others in scratch memory, begun from what was kept. */
  private List<Tensor> scratchStates(Arena scratch, int w) {
    Steps steps = steps(w);
    List<Tensor> own = new ArrayList<>(window(w, states.subList(0, 1)));
    for (Tensor whole : states.subList(1, states.size())) {
      Tensor state = scratch.tensor(steps.batch() + steps.rows(), whole.cols());
      scratch.ops().copy(before(w, whole).rows(0, steps.batch()), state.rows(0, steps.batch()));
      own.add(state);
    }
    return own;
  }

  private Tensor before(int w, Tensor whole) {
    int batch = pass.steps().batch();
    return whole.rows(w * batch, batch);
  }

  private void keepLast(Arena scratch, int w, List<Tensor> own) {
    Steps steps = steps(w);
    int batch = steps.batch();
    Ops ops = scratch.ops();
    for (int i = 1; i < states.size(); i++) {
      Tensor after = before(w + 1, states.get(i));
      if (steps.isUniform()) {
        ops.copy(own.get(i).rows(steps.rows(), batch), after.rows(0, batch));
      } else {
        ops.gather(own.get(i), scratch.indices(steps.finalRows()), after.rows(0, batch));
      }
      int ended = after.rows() - batch;
      if (ended > 0) {
        ops.copy(before(w, states.get(i)).rows(batch, ended), after.rows(batch, ended));
      }
    }
  }

  @Override
  public void backward(Tensor dOutput, List<Tensor> dStates, Gates d) {
    if (spent) {
      forward();
    }
    spent = recomputes();
    for (int w = windows() - 1; w >= 0; w--) {
      if (recomputes()) {
        try (Arena scratch = pass.ops().arena("window")) {
          backward(again(scratch, w), w, dOutput, dStates, d);
        }
      } else {
        backward(kept.get(w), w, dOutput, dStates, d);
      }
      if (w > 0 && cuts(pass.truncate(), starts[w])) {
        // Sequences that end before this window keep the gradients of their final states.
        int running = pass.steps().size(starts[w]);
        dStates.forEach(s -> pass.ops().fill(0, s.rows(0, running)));
      }
    }
  }

  private Unrolled again(Arena scratch, int w) {
    Gates from = rows(gates, w);
    Gates aside = layer.gates(scratch, from.fromX().rows());
    pass.ops().copy(from.fromX(), aside.fromX());
    if (aside.fromH() != aside.fromX()) {
      pass.ops().copy(from.fromH(), aside.fromH());
    }
    return layer.again(scratch, steps(w), layer.weights(run), aside, scratchStates(scratch, w));
  }

  private void backward(Unrolled window, int w, Tensor dOutput, List<Tensor> dStates, Gates d) {
    Steps steps = steps(w);
    int from = pass.steps().offset(starts[w]);
    window.backward(
        dOutput == null ? null : dOutput.rows(from, steps.rows()),
        dStates.stream().map(s -> s.rows(0, steps.batch())).toList(),
        rows(d, w));
  }
}
