// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.MemoryEstimate;
import dev.unroll.Ops;
import dev.unroll.nn.ModelText;
import dev.unroll.nn.Sequential;
import java.util.function.Consumer;
import java.util.function.Function;

/** A recipe's network for people to read, before anything is computed. */
record Summary(Recipe recipe, TrainSettings settings, Corpus corpus) {
  /** Languages of diagrams. */
  enum Diagram {
    /** Drawn by GitHub and others. */
    MERMAID("%%%% %s", ModelText::mermaid),
    /** Drawn by Graphviz. */
    DOT("// %s", ModelText::dot);

    private final String comment;
    private final Function<Sequential<?>, String> draw;

    Diagram(String comment, Function<Sequential<?>, String> draw) {
      this.comment = comment;
      this.draw = draw;
    }
  }

  /** Layers, weights, and the memory of a training step. */
  String text() {
    StringBuilder text = new StringBuilder();
    long peak =
        counted(
            session -> {
              text.append(drawn(session, "%s", ModelText::summary));
              TrainRun.trainer(session).run(1, () -> false);
              text.append(weights(session)).append(" weights");
            });
    return text
        + Console.format(
            "; about %.1f MB for training with B=%d, T=%d",
            peak / 1e6, settings.batch(), settings.seq());
  }

  /** The chains of layers as diagrams. */
  String diagram(Diagram language) {
    StringBuilder text = new StringBuilder();
    counted(session -> text.append(drawn(session, language.comment, language.draw)));
    return text.toString();
  }

  private static String drawn(
      Session session, String comment, Function<Sequential<?>, String> draw) {
    StringBuilder text = new StringBuilder();
    session
        .chains()
        .forEach(
            (each, chain) -> {
              if (session.chains().size() > 1) {
                text.append(comment.formatted(each)).append('\n');
              }
              text.append(draw.apply(chain));
            });
    return text.toString();
  }

  private static long weights(Session session) {
    return session.network().parameters().stream().mapToLong(p -> p.value().size()).sum();
  }

  /** Hands over a session on a backend that only counts memory; gives the most bytes it needed. */
  private long counted(Consumer<Session> use) {
    return MemoryEstimate.of(ops -> with(ops, use)).peakBytes();
  }

  private void with(Ops ops, Consumer<Session> use) {
    try (Arena model = ops.arena("model")) {
      use.accept(TrainCommand.open(recipe, model, settings, corpus));
    }
  }
}
