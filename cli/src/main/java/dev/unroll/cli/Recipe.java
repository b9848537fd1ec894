// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import java.io.IOException;

/**
 * An example network: what {@code unroll train NAME} trains.
 *
 * @param name as the user gives it
 * @param summary one line: network, data
 * @param resource the data that ships with it; null if it generates its own
 * @param defaults settings where the user gives none
 * @param steps number of training steps where the user gives none
 * @param opener makes network and data
 * @param loader brings back a trained network
 */
record Recipe(
    String name,
    String summary,
    String resource,
    TrainSettings defaults,
    long steps,
    Opener opener,
    Loader loader) {

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

  /** Brings back a trained network. */
  @FunctionalInterface
  interface Loader {
    /**
     * Loads.
     *
     * @param model owns the parameters
     * @param folder of the run
     * @return the network with its weights
     * @throws IOException if the folder is damaged
     */
    Trained load(Arena model, ModelFolder folder) throws IOException;
  }
}
