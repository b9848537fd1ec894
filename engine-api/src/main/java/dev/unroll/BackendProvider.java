// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * How a backend is found: named in {@code META-INF/services/dev.unroll.BackendProvider} and in the
 * module's {@code provides} clause.
 */
public interface BackendProvider {
  /**
   * The name users give.
   *
   * @return lower-case, without a colon, such as {@code "cpu"}
   */
  String name();

  /**
   * Who is taken by {@code auto}: the highest usable rank. Below 0: never taken by itself.
   *
   * @return 0 for the CPU, more for devices that are faster
   */
  int rank();

  /**
   * The rank of one device, for providers whose devices differ.
   *
   * @param device its number in the list that {@link #probe} gave
   * @return as {@link #rank()}, which is also what this returns unless overridden
   */
  default int rank(int device) {
    return rank();
  }

  /**
   * Looks for devices. Cheap, and never throws, not even for a missing native library.
   *
   * @return the devices, or none and the reason
   */
  Availability probe();

  /**
   * Opens a device.
   *
   * @param device its number in the list that {@link #probe} gave
   * @param options what the caller asked for
   * @return the open backend
   * @throws BackendException if it can not be opened
   */
  Backend open(int device, Options options);

  /**
   * What a caller may ask of a backend.
   *
   * @param precision how closely results are defined
   * @param threads worker threads of a CPU backend; 0 leaves the choice to it
   */
  record Options(Precision precision, int threads) {
    /** Exact results, the backend's own choice of threads. */
    public static final Options DEFAULT = new Options(Precision.EXACT, 0);

    /**
     * Checks the settings.
     *
     * @param precision how closely results are defined
     * @param threads worker threads of a CPU backend; 0 leaves the choice to it
     */
    public Options {
      if (threads < 0) {
        throw new IllegalArgumentException(
            "threads must be at least 1, or 0 for the backend's choice: " + threads);
      }
    }
  }
}
