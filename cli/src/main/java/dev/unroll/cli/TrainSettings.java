// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Precision;
import dev.unroll.nn.Pass;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What decides the result of a training run, together with the number of steps. A resumed run must
 * have the same.
 *
 * @param recipe name of the recipe
 * @param seed of all random numbers
 * @param precision exact or fast
 * @param data where the text is from: a path or {@link Corpus#BUILT_IN}
 * @param dataSha256 its content
 * @param batch sequences side by side, B
 * @param seq steps of back-propagation through time, T
 * @param lr highest learning rate
 * @param clip largest global norm of the gradients; 0 for no clipping
 * @param eval steps between evaluations; 0 for one at the end only
 * @param patience evaluations in a row without a better one after which training stops; 0: never
 * @param recompute steps between which cell states are computed twice to save memory; 0: all are
 *     kept
 * @param vocabulary what the text is cut into; null where the recipe leaves no choice
 */
record TrainSettings(
    String recipe,
    long seed,
    Precision precision,
    String data,
    String dataSha256,
    int batch,
    int seq,
    double lr,
    double clip,
    int eval,
    int patience,
    int recompute,
    VocabularyKind vocabulary) {

  /** Checks the settings. */
  TrainSettings {
    require(batch >= 1, "--batch must be at least 1", batch);
    require(seq >= 1, "--seq must be at least 1", seq);
    require(
        (long) batch * seq < Integer.MAX_VALUE,
        "--batch times --seq is too large",
        (long) batch * seq);
    require(lr > 0 && lr <= Float.MAX_VALUE, "--lr must be above 0", lr);
    require(clip >= 0 && clip <= Float.MAX_VALUE, "--clip must be 0 (none) or more", clip);
    require(recompute >= 0, "--recompute must be at least 1", recompute);
    require(eval >= 0, "--eval must be 0 (at the end only) or more", eval);
    require(patience >= 0, "--patience must be at least 1", patience);
    require(
        patience == 0 || eval > 0,
        "--patience counts evaluations: say with --eval N how often; --eval is",
        eval);
  }

  /** A recipe's settings: the built-in data, exact, everything kept. */
  static TrainSettings of(String recipe, int batch, int seq, double lr, double clip) {
    return new TrainSettings(
        recipe, 1, Precision.EXACT, Corpus.BUILT_IN, "", batch, seq, lr, clip, 0, 0, 0, null);
  }

  /** These settings for a recipe that leaves the choice, with the one it makes itself. */
  TrainSettings with(VocabularyKind choice) {
    return new TrainSettings(
        recipe,
        seed,
        precision,
        data,
        dataSha256,
        batch,
        seq,
        lr,
        clip,
        eval,
        patience,
        recompute,
        choice);
  }

  private static void require(boolean holds, String what, Number value) {
    if (!holds) {
      throw CliException.usage(what + ": " + value);
    }
  }

  /** A training pass that keeps what these settings say. */
  Pass pass(Pass plain) {
    return recompute == 0 ? plain : plain.withRecompute(recompute);
  }

  /** These settings with the text that was read. */
  TrainSettings with(Corpus corpus) {
    return new TrainSettings(
        recipe,
        seed,
        precision,
        corpus.source(),
        corpus.sha256(),
        batch,
        seq,
        lr,
        clip,
        eval,
        patience,
        recompute,
        vocabulary);
  }

  /**
   * Demands the settings of the run that is resumed.
   *
   * @throws CliException naming the first option that differs
   */
  void requireSame(TrainSettings saved) {
    Map<String, Object> mine = toJson();
    Map<String, Object> theirs = saved.toJson();
    // The same text may have moved; its content counts.
    mine.remove("data");
    for (Map.Entry<String, Object> entry : mine.entrySet()) {
      Object before = theirs.get(entry.getKey());
      if (!entry.getValue().equals(before)) {
        throw CliException.usage(difference(entry.getKey(), before, entry.getValue()));
      }
    }
  }

  private String difference(String key, Object before, Object now) {
    String what =
        key.equals("data_sha256")
            ? "--data: the content of " + data + " is not what the run was started with"
            : "--" + key + " is " + now + ", but the run was started with " + before;
    return what
        + "\n--resume may change --steps, --epochs, --backend, --threads, --out and --quiet only";
  }

  /** These settings as a JSON tree; the names are those of the options. */
  Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("recipe", recipe);
    tree.put("seed", seed);
    tree.put("precision", precision.name().toLowerCase(Locale.ROOT));
    tree.put("data", data);
    tree.put("data_sha256", dataSha256);
    tree.put("batch", (long) batch);
    tree.put("seq", (long) seq);
    tree.put("lr", lr);
    tree.put("clip", clip);
    tree.put("eval", (long) eval);
    tree.put("patience", (long) patience);
    tree.put("recompute", (long) recompute);
    if (vocabulary != null) {
      tree.put("vocabulary", vocabulary.toString());
    }
    return tree;
  }

  /**
   * Reads what {@link #toJson} gave.
   *
   * @throws ClassCastException or NullPointerException or IllegalArgumentException if the tree is
   *     no such thing
   */
  static TrainSettings fromJson(Map<String, Object> tree) {
    return new TrainSettings(
        (String) tree.get("recipe"),
        (Long) tree.get("seed"),
        Precision.valueOf(((String) tree.get("precision")).toUpperCase(Locale.ROOT)),
        (String) tree.get("data"),
        (String) tree.get("data_sha256"),
        Math.toIntExact((Long) tree.get("batch")),
        Math.toIntExact((Long) tree.get("seq")),
        ((Number) tree.get("lr")).doubleValue(),
        ((Number) tree.get("clip")).doubleValue(),
        Math.toIntExact((Long) tree.get("eval")),
        Math.toIntExact((Long) tree.getOrDefault("patience", 0L)),
        Math.toIntExact((Long) tree.getOrDefault("recompute", 0L)),
        VocabularyKind.named((String) tree.get("vocabulary")));
  }
}
