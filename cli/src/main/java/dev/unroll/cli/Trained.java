// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.text.Sampler;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** A trained network of a recipe, ready to be used. A recipe does one of both, or both. */
interface Trained {
  /**
   * How text is made.
   *
   * @param length symbols at most
   * @param sampler draws symbols; not used by a beam search
   * @param beam beginnings a beam search keeps; 0 for none
   * @param stop text that ends the writing, or null
   */
  record Writing(int length, Sampler sampler, int beam, String stop) {}

  /** One that predicts. */
  static Trained predicting(Function<String, Map<String, Object>> answer) {
    return new Trained() {
      @Override
      public Map<String, Object> predict(String line) {
        return answer.apply(line);
      }
    };
  }

  /**
   * Answers one line of input.
   *
   * @param line without its line end
   * @return members of a JSON object, which come after the input itself
   * @throws IllegalArgumentException if the line is not what the recipe reads
   */
  default Map<String, Object> predict(String line) {
    throw CliException.usage("this recipe does not predict; use 'unroll generate'");
  }

  /**
   * Refuses a prompt before anything is written.
   *
   * @throws IllegalArgumentException if it has a symbol that the model does not know
   */
  default void check(String prompt) {
    throw CliException.usage("this recipe does not generate text; use 'unroll predict'");
  }

  /**
   * Writes text.
   *
   * @param prompt what to go on from, or to answer
   * @param how length and choice
   * @param each takes each piece as it is written
   */
  default void write(String prompt, Writing how, Consumer<String> each) {
    check(prompt);
  }
}
