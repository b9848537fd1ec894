// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** The kernels as they ship: compiled by {@code kernels/compile-ptx.sh}. */
final class Ptx {
  private static final String FILE = "unroll.ptx";

  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)");

  private Ptx() {}

  /** The whole program. */
  static String shipped() {
    try (InputStream in = Ptx.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException(FILE + " is missing from the jar of unroll-engine-cuda");
      }
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException("can not read " + FILE, e);
    }
  }

  /** The names of a program's kernels, in its order. */
  static List<String> kernels(String ptx) {
    return ENTRY.matcher(ptx).results().map(m -> m.group(1)).toList();
  }
}
