// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets work in progress be saved when the user presses Ctrl-C or the system asks the process to
 * end: the JVM then waits until this is closed, and exits with {@link ExitCode#INTERRUPTED}.
 */
final class Interrupts implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::end, "unroll-interrupt");
  private volatile boolean requested;

  /** Takes over from the JVM. */
  Interrupts() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the process was asked to end. */
  boolean requested() {
    return requested;
  }

  private void end() {
    requested = true;
    try {
      if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println(
            "error: gave up after " + PATIENCE_SECONDS + " s; the last checkpoint stays");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending already: the hook waits for the latch.
      requested = true;
    }
    closed.countDown();
  }
}
