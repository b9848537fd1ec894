// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.concurrent.atomic.AtomicBoolean;

/** Has the JIT compiler compile all kernels, once per process, before the first step needs them. */
final class WarmUp {
  private static final AtomicBoolean STARTED = new AtomicBoolean();
  private static volatile boolean products;
  private static volatile boolean spans;

  private WarmUp() {}

  /** Runs both halves, side by side where there are two threads. */
  static void once(Workers workers) {
    if (!STARTED.compareAndSet(false, true)) {
      return;
    }
    workers.runTogether(
        part -> {
          if (part == 0) {
            products = GemmWarmUp.run();
          }
          if (part == workers.count() - 1) {
            spans = SpanWarmUp.run();
          }
        });
  }

  /** What came of it, for the placement record. */
  static String note() {
    return products && spans ? "kernels warm" : "kernels not all warm when the backend opened";
  }
}
