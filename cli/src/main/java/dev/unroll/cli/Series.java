// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.train.Standardizer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * A time series whose last fifth is held out.
 *
 * @param values all of them, in the unit of the data
 * @param training how many come before those held out
 * @param season steps after which the series is much as before
 */
record Series(double[] values, int training, int season) {
  private static final double TRAINING_SHARE = 0.8;

  /** Columns that are read, the first that is there, and the steps of a season. */
  private static final Map<String, Integer> SEASONS = new LinkedHashMap<>();

  static {
    SEASONS.put("CO2", 12);
    SEASONS.put("temp_max", 365);
    SEASONS.put("value", 12);
  }

  /**
   * Reads the file of a recipe or of the user.
   *
   * @param least values that must be there for training
   * @throws IllegalArgumentException if there is no such column, a value is no number, or there are
   *     too few
   */
  static Series read(Corpus corpus, String resource, int least) {
    List<String> header =
        Arrays.asList(corpus.text().lines().findFirst().orElse("").split("[,\t]"));
    String column = SEASONS.keySet().stream().filter(header::contains).findFirst().orElse("value");
    double[] values = Table.read(corpus, resource, column).numbers(0);
    Series series = new Series(values, (int) (values.length * TRAINING_SHARE), SEASONS.get(column));
    if (series.training < Math.max(least, 2 * series.season + 1)) {
      throw new IllegalArgumentException(
          "has " + values.length + " values, too few for --seq or for two seasons to train on");
    }
    return series;
  }

  /** The values held out. */
  float[] heldOut() {
    return heldOut(i -> values[i]);
  }

  /** The forecast of them that knows the last value only. */
  float[] lastValue() {
    return heldOut(i -> values[i - 1]);
  }

  /** The forecast of them that adds to the value a season ago the growth of the season before. */
  float[] seasonal() {
    return heldOut(i -> values[i - season] + (values[i - season] - values[i - 2 * season]));
  }

  /** Something of each value held out, by its place. */
  float[] heldOut(IntToDoubleFunction at) {
    float[] all = new float[values.length - training];
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) at.applyAsDouble(training + i);
    }
    return all;
  }

  /** The scale of the changes from step to step before those held out. */
  Standardizer scale() {
    return Standardizer.of(changes(Arrays.copyOf(values, training)));
  }

  /** The changes from step to step. */
  static double[] changes(double... values) {
    return IntStream.range(1, values.length).mapToDouble(i -> values[i] - values[i - 1]).toArray();
  }

  /** The same, standardized. */
  static float[] changes(Standardizer scale, double... values) {
    double[] changes = changes(values);
    float[] all = new float[changes.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = scale.apply(changes[i]);
    }
    return all;
  }
}
