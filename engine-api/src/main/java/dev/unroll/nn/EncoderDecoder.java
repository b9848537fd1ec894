// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Sequence to sequence without attention (I. Sutskever, O. Vinyals, Q. V. Le, 2014): the decoder
 * starts from the states in which the encoder ended, name by name. Sources and targets may have
 * lengths of their own; both are known to the caller in one order.
 *
 * @param <I> what goes into the encoder
 * @param <J> what goes into the decoder
 */
public final class EncoderDecoder<I, J> implements Layer<EncoderDecoder.Pair<I, J>> {
  /**
   * What goes in.
   *
   * @param sourcePass where and over which steps the encoder runs; in the arena of the decoder's
   *     pass
   * @param source into the encoder, packed
   * @param target into the decoder, packed: in training what it should have said one step before
   * @param <I> what goes into the encoder
   * @param <J> what goes into the decoder
   */
  public record Pair<I, J>(Pass sourcePass, I source, J target) {}

  private final Layer<I> encoder;
  private final Layer<J> decoder;

  /**
   * Joins two models.
   *
   * @param encoder ends with a recurrent layer
   * @param decoder has states of the encoder's names and sizes
   */
  public EncoderDecoder(Layer<I> encoder, Layer<J> decoder) {
    this.encoder = encoder;
    this.decoder = decoder;
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.concat(
            encoder.parameters().stream().map(p -> p.prefixed("encoder.")),
            decoder.parameters().stream().map(p -> p.prefixed("decoder.")))
        .toList();
  }

  @Override
  public Map<String, Tensor> constants() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    encoder.constants().forEach((name, t) -> all.put("encoder." + name, t));
    decoder.constants().forEach((name, t) -> all.put("decoder." + name, t));
    return all;
  }

  /** The encoder's. */
  @Override
  public State zeroState(Arena arena, int batch) {
    return encoder.zeroState(arena, batch);
  }

  /**
   * Runs the encoder, then the decoder.
   *
   * @param pass of the decoder
   * @param input both inputs, and the pass of the encoder
   * @param initial the encoder's state before its first step
   * @return the decoder's output and final state; the gradients of its backward are those of the
   *     decoder's input and of the encoder's initial state
   * @throws IllegalArgumentException if the batches differ
   */
  @Override
  public Trace forward(Pass pass, Pair<I, J> input, State initial) {
    Pass sourcePass = input.sourcePass();
    if (sourcePass.steps().batch() != pass.steps().batch()) {
      throw new IllegalArgumentException(
          "encoder-decoder: "
              + sourcePass.steps().batch()
              + " sources for "
              + pass.steps().batch()
              + " targets; each source needs one");
    }
    Trace source = encoder.forward(sourcePass, input.source(), initial);
    State between = reorder(sourcePass, pass, source.finalState());
    Trace target = decoder.forward(pass, input.target(), between);
    return new Trace() {
      @Override
      public Tensor output() {
        return target.output();
      }

      @Override
      public State finalState() {
        return target.finalState();
      }

      @Override
      public Gradients backward(Tensor dOutput, State dFinal) {
        Gradients d = target.backward(dOutput, dFinal);
        State dBetween = reorder(pass, sourcePass, d.initial());
        return new Gradients(d.input(), source.backward(null, dBetween).initial());
      }
    };
  }

  /** From the order in which one pass sorted the sequences by length to that of another. */
  private static State reorder(Pass from, Pass to, State state) {
    State callers = from.ragged() == null ? state : from.ragged().toCaller(from.arena(), state);
    return to.ragged() == null ? callers : to.ragged().toPacked(to.arena(), callers);
  }
}
