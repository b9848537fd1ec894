// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Placement;
import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** {@code placement.json}: where a run ran. */
final class PlacementFile {
  private PlacementFile() {}

  /** Writes the record, atomically. */
  static void write(Path file, Placement placement) throws IOException {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("backend", placement.backend());
    tree.put("device", placement.device());
    tree.put("driver", placement.driver());
    tree.put("precision", placement.precision().name().toLowerCase(Locale.ROOT));
    tree.put("launches", placement.launches());
    tree.put("bytes_in", placement.bytesIn());
    tree.put("bytes_out", placement.bytesOut());
    tree.put("notes", placement.notes());
    Json.write(file, tree);
  }
}
