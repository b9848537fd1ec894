// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.util.List;

/** All recipes, the default first. */
final class Recipes {
  static final List<Recipe> ALL =
      List.of(
          CharLm.RECIPE,
          WordLm.RECIPE,
          Surnames.RECIPE,
          Sentiment.RECIPE,
          Forecast.RECIPE,
          GeluRegression.RECIPE,
          TwoFourOne.RECIPE,
          LongMemory.RECIPE,
          Reverse.RECIPE);

  private Recipes() {}

  /**
   * The recipe of a name.
   *
   * @throws CliException if there is none
   */
  static Recipe byName(String name) {
    for (Recipe recipe : ALL) {
      if (recipe.name().equals(name)) {
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
