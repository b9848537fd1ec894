// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.train.RateFinder;

/** {@code --find-lr}: tries learning rates from very small to far too large on fresh weights. */
record RateSearch(Session session) {
  static final long STEPS = 200;
  private static final double LOW = 1e-5;
  private static final double HIGH = 10;
  private static final int SHOWN = 20;

  /**
   * Prints the smoothed loss at some of the rates and, last, the rate where it fell fastest.
   *
   * @param steps of the trial
   * @return the exit code
   */
  int run(Console console, long steps) {
    if (steps < 10 || steps > 100_000) {
      throw CliException.usage("--find-lr takes --steps from 10 to 100000: " + steps);
    }
    RateFinder.Result found =
        RateFinder.run(
            session.ops,
            session.optimizer(),
            TrainRun.clipping(session.settings),
            session,
            LOW,
            HIGH,
            (int) steps);
    int measured = found.rates().size();
    console.print("%12s %12s", "rate", "loss");
    for (int i = 0; i < measured; i += Math.max(1, measured / SHOWN)) {
      console.print("%12.2e %12.4f", found.rates().get(i), found.losses().get(i));
    }
    if (found.suggestion() == 0) {
      throw CliException.failed(
          "the loss fell at no learning rate from " + LOW + " to " + HIGH, null);
    }
    console.print(
        "find-lr %s backend=%s steps=%d lr=%.2e",
        session.settings.recipe(), session.ops.placement().backend(), measured, found.suggestion());
    return ExitCode.DONE;
  }
}
