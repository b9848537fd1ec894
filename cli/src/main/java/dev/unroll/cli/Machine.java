// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.kernels.UserFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code unroll doctor} says about the JVM and the computer. */
final class Machine {
  private static final int FMAS = 200_000;

  /** A fused multiply-add in hardware takes about a nanosecond, one in software more than 100. */
  private static final double SLOW_NANOS = 40;

  private static final long MIB = 1 << 20;

  private Machine() {}

  /** The facts, by name. */
  static Map<String, Object> facts() {
    Runtime runtime = Runtime.getRuntime();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    facts.put("processors", runtime.availableProcessors());
    facts.put("heap_limit_mib", runtime.maxMemory() / MIB);
    facts.put("vector_module", vectorModule());
    double nanos = fmaNanos();
    facts.put("fma_nanoseconds", Math.rint(nanos * 10) / 10);
    facts.put("fma_hardware", nanos < SLOW_NANOS);
    facts.put(
        "caches", UserFolder.root() + " (built kernels, native libraries, the emulated driver)");
    return facts;
  }

  /** Memory that the process has in use, drivers included; 0 where the system does not tell. */
  static long residentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10; // in kB
      }
    }
    return 0;
  }

  static boolean vectorModule() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  /** Time of one fused multiply-add; the best of a few tries. */
  private static double fmaNanos() {
    double best = Double.POSITIVE_INFINITY;
    for (int attempt = 0; attempt < 5; attempt++) {
      long start = System.nanoTime();
      float sum = chain(1 + attempt * 0x1p-20f);
      long nanos = System.nanoTime() - start;
      // The sum is used, so that the loop cannot be left out.
      best = Float.isNaN(sum) ? best : Math.min(best, (double) nanos / FMAS);
    }
    return best;
  }

  private static float chain(float start) {
    float sum = start;
    for (int i = 0; i < FMAS; i++) {
      sum = Math.fma(sum, 0.999f, 0.001f);
    }
    return sum;
  }
}
