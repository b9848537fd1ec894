// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.train.TrainingListener;
import dev.unroll.train.TrainingStep;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how training goes: a bar on a terminal, else a plain line every few seconds. */
final class ProgressReport implements TrainingListener, AutoCloseable {
  private static final long LINE_NANOS = 5_000_000_000L;
  private static final int BAR_MILLIS = 250;

  /** Share of the newest step in the smoothed loss and speed, once there are enough. */
  private static final double NEWEST = 0.02;

  private final Console console;
  private final long total;
  private final int tokensPerStep;
  private final ProgressBar bar;
  private double loss;
  private double nanosPerStep;
  private long count;
  private long lastStep = System.nanoTime();
  private long lastLine;

  /**
   * Starts.
   *
   * @param first steps done before
   * @param total steps in all
   */
  ProgressReport(Console console, long first, long total, int tokensPerStep) {
    this.console = console;
    this.total = total;
    this.tokensPerStep = tokensPerStep;
    this.bar = console.terminal() ? bar(console, first, total) : null;
  }

  private static ProgressBar bar(Console console, long first, long total) {
    return new ProgressBarBuilder()
        .setTaskName("training")
        .setInitialMax(total)
        .startsFrom(first, Duration.ZERO)
        .setUpdateIntervalMillis(BAR_MILLIS)
        .setStyle(ProgressBarStyle.ASCII)
        .hideEta()
        .setConsumer(new ConsoleProgressBarConsumer(console.err()))
        .build();
  }

  @Override
  public void onStep(TrainingStep step) {
    long now = System.nanoTime();
    count++;
    loss += newest(count) * (step.loss() - loss);
    // The second step starts the speed anew: the first is slow, as the JVM compiles.
    nanosPerStep += newest(count - 1) * (now - lastStep - nanosPerStep);
    lastStep = now;
    if (bar != null) {
      bar.stepTo(step.number());
      bar.setExtraMessage(state(step.number()));
    } else if (count == 1) {
      lastLine = now;
    } else if (now - lastLine > LINE_NANOS || step.number() == total) {
      console.print("step %d/%d  %s", step.number(), total, state(step.number()));
      lastLine = now;
    }
  }

  /** The plain mean of the first steps, then an exponential one. */
  private static double newest(long steps) {
    return Math.max(NEWEST, 1.0 / Math.max(1, steps));
  }

  private String state(long step) {
    long left = Math.round((total - step) * nanosPerStep / 1e9);
    return Console.format(
        "loss %.3f  %.0f tokens/s  %d:%02d left",
        loss, tokensPerStep * 1e9 / nanosPerStep, left / 60, left % 60);
  }

  /** Prints lines without the time it took to make them. */
  void print(String text) {
    if (bar != null) {
      bar.pause();
      console.err().print("\r\033[K");
      console.err().flush();
    }
    console.print("%s", text);
    if (bar != null) {
      bar.resume();
    }
    lastStep = System.nanoTime();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
