// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import java.util.ArrayList;
import java.util.List;

/** Opens the backend that the user names. */
final class BackendChoice {
  private BackendChoice() {}

  /**
   * Opens a backend.
   *
   * @throws CliException if there is no such backend
   * @throws dev.unroll.BackendException if it is there but cannot be opened
   */
  static Ops open(String id, BackendProvider.Options options) {
    return new Ops(openUnchecked(id, options));
  }

  /** As {@link #open}, without the checks around it. */
  static Backend openUnchecked(String id, BackendProvider.Options options) {
    requireKnown(id);
    return Backends.openUnchecked(id, options);
  }

  /** Demands a name that a provider has, or {@code auto}. */
  static void requireKnown(String id) {
    List<String> known =
        new ArrayList<>(Backends.providers().stream().map(BackendProvider::name).toList());
    known.add("auto");
    String name = id.contains(":") ? id.substring(0, id.indexOf(':')) : id;
    if (known.contains(name)) {
      return;
    }
    throw CliException.usage(
        "unknown backend '"
            + id
            + "'"
            + Names.suggestion(name, known)
            + "\nbackends: "
            + String.join(", ", known));
  }
}
