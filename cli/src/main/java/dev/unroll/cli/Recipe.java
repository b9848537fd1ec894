// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;

/**
 * An example network: what {@code unroll train NAME} trains.
 *
 * @param name as the user gives it
 * @param summary one line: network, data
 * @param resource the text that ships with it
 * @param defaults settings where the user gives none
 * @param steps number of training steps where the user gives none
 * @param opener makes network and data; null as long as the recipe is not built
 */
record Recipe(
    String name,
    String summary,
    String resource,
    TrainSettings defaults,
    long steps,
    Opener opener) {

  /** Makes a recipe's network and cuts its data into batches. */
  @FunctionalInterface
  interface Opener {
    /**
     * Starts.
     *
     * @param model owns the parameters and the carried state
     * @param settings of the run
     * @param corpus the data
     * @return the network, untrained
     * @throws IllegalArgumentException if settings and data do not fit
     */
    Session open(Arena model, TrainSettings settings, Corpus corpus);
  }

  /** A recipe of a later version. */
  static Recipe later(String name, String summary) {
    return new Recipe(name, summary, null, null, 0, null);
  }

  boolean isBuilt() {
    return opener != null;
  }
}
