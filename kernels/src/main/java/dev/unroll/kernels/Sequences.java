// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.kernels.Products.Factor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * Time loops inside a kernel: one launch for all consecutive steps that have the same number of
 * rows. Its groups share the rows of the batch.
 */
final class Sequences {
  private final Launcher launcher;

  Sequences(Launcher launcher) {
    this.launcher = launcher;
  }

  /** Whether the device should run sequences so, with these recurrent weights. */
  boolean take(Factor w) {
    return switch (launcher.choice("sequences")) {
      case "whole" -> w.packed() != null && launcher.allows("lstm_sequence", 1);
      case "steps" -> false;
      default ->
          throw new IllegalArgumentException(
              "tuning: sequences must be whole or steps, not '"
                  + launcher.choice("sequences")
                  + "'");
    };
  }

  void rnn(Steps steps, Activation f, View w, Tensor pre, Tensor hs) {
    launch(
        "rnn_sequence",
        parts(steps),
        hs.cols(),
        part ->
            List.of(
                f.kind().ordinal(),
                f.alpha(),
                f.beta(),
                w,
                part.of(pre),
                part.first(hs),
                part.written(hs)));
  }

  void rnnGrad(
      Steps steps,
      Activation f,
      View w,
      Tensor pre,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dPre) {
    launch(
        "rnn_sequence_grad",
        backwards(steps),
        dh.cols(),
        part ->
            List.of(
                f.kind().ordinal(),
                f.alpha(),
                f.beta(),
                w,
                f.gradNeedsY() ? part.written(hs) : part.of(pre),
                part.orAbsent(dOut, dh),
                flag(dOut),
                part.now(dh),
                part.of(dPre)));
  }

  void lstm(Steps steps, View w, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    launch(
        "lstm_sequence",
        parts(steps),
        hs.cols(),
        part ->
            List.of(
                w,
                part.of(gates),
                part.first(hs),
                part.first(cs),
                part.written(hs),
                part.written(cs),
                part.of(tanhC)));
  }

  void lstmGrad(
      Steps steps,
      View w,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    launch(
        "lstm_sequence_grad",
        backwards(steps),
        dh.cols(),
        part ->
            List.of(
                w,
                part.of(gates),
                part.first(cs),
                part.written(cs),
                part.of(tanhC),
                part.orAbsent(dOut, dh),
                flag(dOut),
                part.now(dh),
                part.now(dc),
                part.of(dGates)));
  }

  void gru(Steps steps, View w, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    launch(
        "gru_sequence",
        parts(steps),
        hs.cols(),
        part ->
            List.of(
                w,
                bHh == null ? View.absent(gates) : View.of(bHh.repeatRows(part.rows())),
                flag(bHh),
                part.of(gates),
                part.of(fromH),
                part.first(hs),
                part.written(hs)));
  }

  void gruGrad(
      Steps steps,
      View w,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    launch(
        "gru_sequence_grad",
        backwards(steps),
        dh.cols(),
        part ->
            List.of(
                w,
                part.of(gates),
                part.of(fromH),
                part.first(hs),
                part.written(hs),
                part.orAbsent(dOut, dh),
                flag(dOut),
                part.now(dh),
                part.of(dGates),
                part.of(dFromH)));
  }

  private void launch(
      String kernel, List<Part> parts, int hidden, Function<Part, List<?>> arguments) {
    int least = launcher.number("sequences.rows");
    for (Part part : parts) {
      int groups = Math.min(launcher.units(), Launcher.ceilDiv(part.rows(), least));
      List<Object> all = new ArrayList<>(arguments.apply(part));
      all.addAll(List.of(part.count(), part.rows(), hidden));
      launcher.launch(kernel, Grid.of(groups, 1), all.toArray());
    }
  }

  private static int flag(Tensor x) {
    return x == null ? 0 : 1;
  }

  private static List<Part> parts(Steps steps) {
    List<Part> parts = new ArrayList<>();
    for (int from = 0; from < steps.count() && steps.size(from) > 0; ) {
      int end = from + 1;
      while (end < steps.count() && steps.size(end) == steps.size(from)) {
        end++;
      }
      parts.add(new Part(steps, from, end - from));
      from = end;
    }
    return parts;
  }

  private static List<Part> backwards(Steps steps) {
    List<Part> parts = parts(steps);
    Collections.reverse(parts);
    return parts;
  }

  /** So many steps from one on, all with the same number of rows. */
  private record Part(Steps steps, int from, int count) {
    int rows() {
      return steps.size(from);
    }

    /** These steps of a sequence tensor. */
    Tensor of(Tensor x) {
      return x.rows(steps.offset(from), count * rows());
    }

    /** The same, or in place of null something that is not read. */
    View orAbsent(Tensor x, Tensor any) {
      return x == null ? View.absent(any) : View.of(of(x));
    }

    /** The rows of one step's tensor that these steps have. */
    Tensor now(Tensor x) {
      return x.rows(0, rows());
    }

    /** What these steps write of a state tensor. */
    Tensor written(Tensor x) {
      return x.rows(steps.next(from), count * rows());
    }

    /** What the first of them reads of a state tensor. */
    Tensor first(Tensor x) {
      return x.rows(steps.previous(from), rows());
    }
  }
}
