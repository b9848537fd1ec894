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
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Lets a language model write, symbol by symbol. The model is any layer from ids to logits for what
 * follows them; its state is kept between calls, so that reading and writing may go on in turns.
 * Belongs to one thread, like its {@link Ops}.
 */
public final class TextGenerator implements AutoCloseable {
  private static final int CHUNK = 256;

  /** Symbols before one that decide how it reads: a character has up to four bytes. */
  private static final int CONTEXT = 3;

  private final Ops ops;
  private final Layer<Indices> network;
  private final Vocabulary vocabulary;
  private final Arena arena;
  private final State state;
  private final float[] logits;
  private int[] recent = {};
  private long position;

  /**
   * Starts with a state of zeros; {@link #read} something before writing.
   *
   * @param ops where the model lives
   * @param network ids [N] to logits, of all steps or of the last
   * @param vocabulary the symbols of ids and logits
   */
  public TextGenerator(Ops ops, Layer<Indices> network, Vocabulary vocabulary) {
    this.ops = ops;
    this.network = network;
    this.vocabulary = vocabulary;
    this.arena = ops.arena("text generator");
    this.state = network.zeroState(arena, 1);
    this.logits = new float[vocabulary.size()];
  }

  /**
   * The state after all that was read and written; an encoder's may be copied into it.
   *
   * @return the tensors themselves, for a batch of 1
   */
  public State state() {
    return state;
  }

  /**
   * Reads symbols; the state moves on.
   *
   * @param ids what to read, at least one
   */
  public void read(int... ids) {
    if (ids.length == 0) {
      throw new IllegalArgumentException("generate: there is nothing to read; give one symbol");
    }
    for (int from = 0; from < ids.length; from += CHUNK) {
      feed(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + CHUNK)));
    }
    position += ids.length;
    int[] all = joined(recent, ids);
    recent = Arrays.copyOfRange(all, Math.max(0, all.length - CONTEXT), all.length);
  }

  /**
   * Goes on from what was read or written last.
   *
   * @param length symbols to write at most
   * @param sampler chooses each; its position counts all symbols read and written so far
   * @param stop ends the writing once the text written has it; null for no such text. It is part of
   *     what is written.
   * @param each takes each piece of text as soon as it is known
   * @return what was written
   * @throws IllegalStateException if nothing was read yet
   */
  public String write(int length, Sampler sampler, String stop, Consumer<String> each) {
    requireRead();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length && (stop == null || text.indexOf(stop) < 0); i++) {
      int next = sampler.next(logits, position);
      String piece = piece(next);
      text.append(piece);
      each.accept(piece);
      read(next);
    }
    return text.toString();
  }

  /**
   * The most likely continuations by beam search; the state stays where it is.
   *
   * @param beam how to search
   * @return the best first
   * @throws IllegalStateException if nothing was read yet
   */
  public List<BeamSearch.Hypothesis> search(BeamSearch beam) {
    requireRead();
    return beam.run(ops, network, state, logits);
  }

  /** What a symbol adds to the text before it: words bring their space, bytes end a character. */
  private String piece(int id) {
    return vocabulary.decode(joined(recent, id)).substring(vocabulary.decode(recent).length());
  }

  private static int[] joined(int[] first, int... second) {
    return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
  }

  private void requireRead() {
    if (recent.length == 0) {
      throw new IllegalStateException("generate: nothing was read yet; call read first");
    }
  }

  private void feed(int... ids) {
    try (Arena step = ops.arena("generate step")) {
      Pass pass = Pass.of(step, Steps.uniform(ids.length, 1));
      Trace trace = network.forward(pass, step.indices(ids), state);
      trace.finalState().copyTo(ops, state);
      Tensor output = trace.output();
      ops.read(output.rows(output.rows() - 1, 1), logits);
    }
  }

  /** Frees the state. */
  @Override
  public void close() {
    arena.close();
  }
}
