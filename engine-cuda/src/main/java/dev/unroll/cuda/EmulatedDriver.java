// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A CUDA driver without a device: it runs PTX on the processor and checks every access. One process
 * holds one driver, this one or the system's. Nothing measured on it says anything of a GPU.
 */
public final class EmulatedDriver {
  /** Settings to begin with, as {@link #configure} takes them. */
  private static final String SETTINGS = "unroll.emulator";

  private static boolean loaded;

  private EmulatedDriver() {}

  /**
   * Builds the driver from the sources in this jar, unless that was done before.
   *
   * @return the library, in a folder of the user's own
   * @throws IOException if it can not be built; the message says why and what would help
   */
  public static Path build() throws IOException {
    return EmulatorBuild.library();
  }

  /**
   * Builds the driver if need be, and loads it into this process. It begins with the settings of
   * the system property {@code unroll.emulator}. What it has to report when the process ends, and
   * nobody asked for, goes to the standard error stream.
   *
   * @throws IOException as {@link #build}, or if this process holds the system's driver
   */
  public static void load() throws IOException {
    Path library = build();
    try {
      load(library);
    } catch (NoCudaException e) {
      throw new IOException(e.getMessage() + "; " + e.remedy(), e);
    }
  }

  static synchronized void load(Path library) throws NoCudaException {
    CudaLibrary.load(library);
    if (!loaded) {
      loaded = true;
      configure(System.getProperty(SETTINGS, ""));
      Runtime.getRuntime().addShutdownHook(new Thread(EmulatedDriver::tellTheRest));
    }
  }

  private static void tellTheRest() {
    for (String line : takeReports()) {
      System.err.println("emulated CUDA driver: " + line);
    }
  }

  /**
   * Sets the driver up anew, with counters at zero. Names: {@code checks=on|off}, {@code
   * seed=NUMBER} for the order of blocks and warps (0: ascending), {@code threads=NUMBER} of the
   * host (0: all), {@code coverage=on|off}, {@code defer=on|off} (work on a stream waits until
   * something waits for it), {@code memory=BYTES} of the device (with K, M or G), {@code
   * capability=75}, {@code driver=12060}, {@code devices=0|1}, and {@code fail=WHAT:N}, more than
   * once if need be: from the N-th on, allocations ({@code alloc}) or graphs ({@code graph}) are
   * refused, or running a kernel fails ({@code launch}), accesses an illegal address ({@code
   * illegal}) or loses the device ({@code lost}).
   *
   * @param settings {@code name=value,name=value}; what is not named takes its default
   * @throws IllegalArgumentException if there is no such setting
   */
  public static void configure(String settings) {
    requireLoaded();
    String problem = set(settings);
    if (problem != null) {
      throw new IllegalArgumentException(problem);
    }
  }

  /**
   * What programs did wrong since the last call.
   *
   * @return a line for each problem
   */
  public static List<String> reports() {
    requireLoaded();
    return List.of(takeReports());
  }

  /**
   * What happened since {@link #configure}: {@code kernels}, {@code launches}, {@code
   * graphLaunches}, {@code bytesIn}, {@code bytesOut}, {@code allocations}, {@code waits} and more
   * of the driver; {@code KERNEL.instructions}, {@code KERNEL.bankConflicts} and more of each
   * kernel. {@code contexts} and {@code liveBytes} tell the present state.
   *
   * @return values by name
   */
  public static Map<String, Long> counters() {
    requireLoaded();
    Map<String, Long> counters = new TreeMap<>();
    for (String line : counterLines()) {
      int equals = line.indexOf('=');
      counters.put(line.substring(0, equals), Long.parseUnsignedLong(line.substring(equals + 1)));
    }
    return counters;
  }

  /**
   * What never ran, if {@code coverage=on} was set.
   *
   * @return lines: for each kernel the instructions of its PTX that no thread executed
   */
  public static String coverage() {
    requireLoaded();
    return coverageText();
  }

  private static synchronized void requireLoaded() {
    if (!loaded) {
      throw new IllegalStateException("the emulated driver is not loaded; call load() first");
    }
  }

  private static native String set(String settings);

  private static native String[] takeReports();

  private static native String[] counterLines();

  private static native String coverageText();
}
