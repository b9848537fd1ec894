// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

/** An engine that is compared with others: ours or a peer, in a process of its own. */
public interface Engine {
  /**
   * The engine.
   *
   * @return name and version, and what it multiplies matrices with
   */
  String name();

  /**
   * Prepares a case: same weights, same data.
   *
   * @param name name of one of {@link Cases#all}
   * @return ready to run; null if the engine has no such case
   */
  Run open(String name);

  /** A case of an engine. */
  interface Run extends AutoCloseable {
    /** Runs it once; it need not be done on return. */
    void once();

    /** Waits until all runs are done; engines that compute at once have nothing to wait for. */
    default void await() {}

    /**
     * Numbers that all engines must agree on within rounding.
     *
     * @return the losses of the first {@value #CHECKED} training steps; of a forward pass the first
     *     outputs; none of an operation. Called once, before any run
     */
    float[] check();

    @Override
    void close();

    /** How many numbers are compared. */
    int CHECKED = 3;
  }
}
