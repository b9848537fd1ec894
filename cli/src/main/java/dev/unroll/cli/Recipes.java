// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.util.List;

/** All recipes, the default first. */
final class Recipes {
  static final List<Recipe> ALL =
      List.of(
          CharLm.RECIPE,
          Recipe.later(
              "word-lm", "Embedding, two LSTMs, Dense on the last step; Moby-Dick by words"),
          Recipe.later(
              "surnames", "tanh RNN over characters; which of 10 languages a name is from"),
          Recipe.later(
              "sentiment", "Embedding, bidirectional GRU, ragged batches; review sentences"),
          Recipe.later("forecast", "LSTM; time series of CO2 and weather"),
          Recipe.later("gelu-regression", "two inputs, GELU, one output; generated data"),
          Recipe.later("two-four-one", "2-4-1 perceptron on four points, every number printed"),
          Recipe.later("long-memory", "adding problem: tanh RNN, ReLU RNN, LSTM, GRU side by side"),
          Recipe.later("reverse", "encoder-decoder that reverses or re-formats a string"));

  private Recipes() {}

  /**
   * The recipe of a name.
   *
   * @throws CliException if there is none, or not yet
   */
  static Recipe byName(String name) {
    for (Recipe recipe : ALL) {
      if (recipe.name().equals(name)) {
        if (!recipe.isBuilt()) {
          throw CliException.notBuilt("the recipe " + name);
        }
        return recipe;
      }
    }
    List<String> names = ALL.stream().map(Recipe::name).toList();
    throw CliException.usage(
        "unknown recipe '"
            + name
            + "'"
            + Names.suggestion(name, names)
            + "\nrecipes: "
            + String.join(", ", names));
  }
}
