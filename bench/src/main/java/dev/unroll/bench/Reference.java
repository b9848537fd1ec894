// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * What is right: the digest of the results of {@code cpu-scalar}. Results are defined to the bit,
 * so the digests of large benchmarks are recorded; those of the others are computed.
 */
final class Reference {
  private static final String RECORDED = "digests.txt";

  private final Map<String, String> digests = recorded();

  /** The digests that come with this version, by the benchmark's name. */
  static Map<String, String> recorded() {
    Map<String, String> digests = new HashMap<>();
    try (InputStream in = Reference.class.getResourceAsStream(RECORDED);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int gap = line.indexOf(' ');
        digests.put(line.substring(gap + 1), line.substring(0, gap));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return digests;
  }

  /** Runs the benchmark on {@code cpu-scalar}. */
  static String computed(Benchmark benchmark) {
    try (Ops scalar = Backends.open("cpu-scalar");
        Arena arena = scalar.arena("reference")) {
      return benchmark.prepare(scalar, arena).digest();
    }
  }

  String digest(Benchmark benchmark) {
    return digests.computeIfAbsent(benchmark.name(), name -> computed(benchmark));
  }
}
