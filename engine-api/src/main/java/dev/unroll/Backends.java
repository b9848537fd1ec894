// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds backends and opens them. */
public final class Backends {
  private Backends() {}

  /**
   * All providers that {@link ServiceLoader} finds, by name.
   *
   * @return providers; their devices need not be usable
   */
  public static List<BackendProvider> providers() {
    List<BackendProvider> found = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class).forEach(found::add);
    found.sort(Comparator.comparing(BackendProvider::name));
    return found;
  }

  /**
   * Opens a backend with exact precision.
   *
   * @param id a provider's name, {@code name:number} or {@code name:part-of-its-name} for one of
   *     its devices, or {@code auto} for the best there is
   * @return the operations of that backend
   * @throws IllegalArgumentException if there is no provider of that name
   * @throws BackendException if it is known but can not be opened, with the reason and the remedy
   */
  public static Ops open(String id) {
    return open(id, BackendProvider.Options.DEFAULT);
  }

  /**
   * Opens a backend.
   *
   * @param id a provider's name, {@code name:number} for one of its devices, or {@code auto}
   * @param options precision and threads
   * @return the operations of that backend
   * @throws IllegalArgumentException if there is no provider of that name
   * @throws BackendException if it is known but can not be opened, with the reason and the remedy
   */
  public static Ops open(String id, BackendProvider.Options options) {
    return new Ops(openUnchecked(id, options));
  }

  /**
   * Opens a backend without the checks of {@link Ops} around it, for what belongs to one kind of
   * backend alone.
   *
   * @param id as in {@link #open(String, BackendProvider.Options)}
   * @param options precision and threads
   * @return the backend
   * @throws IllegalArgumentException if there is no provider of that name
   * @throws BackendException if it is known but can not be opened, with the reason and the remedy
   */
  public static Backend openUnchecked(String id, BackendProvider.Options options) {
    if (id.equals("auto")) {
      return openBest(options);
    }
    int colon = id.indexOf(':');
    BackendProvider provider = provider(colon < 0 ? id : id.substring(0, colon));
    Availability found = provider.probe();
    int device = colon < 0 ? 0 : deviceNumber(id, id.substring(colon + 1), found);
    if (device >= found.devices().size()) {
      throw unavailable(id, found);
    }
    return provider.open(device, options);
  }

  /**
   * The provider of a name.
   *
   * @param name such as {@code "cpu"}
   * @return the provider
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public static BackendProvider provider(String name) {
    List<BackendProvider> all = providers();
    for (BackendProvider provider : all) {
      if (provider.name().equals(name)) {
        return provider;
      }
    }
    String known = all.stream().map(BackendProvider::name).collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        "unknown backend '"
            + name
            + "'; on the class path are: "
            + (known.isEmpty() ? "none (add unroll-engine-cpu)" : known));
  }

  private static Backend openBest(BackendProvider.Options options) {
    BackendProvider best = null;
    int device = 0;
    int rank = -1;
    for (BackendProvider provider : providers()) {
      int count = provider.rank() < 0 ? 0 : provider.probe().devices().size();
      for (int i = 0; i < count; i++) {
        if (provider.rank(i) > rank) {
          best = provider;
          device = i;
          rank = provider.rank(i);
        }
      }
    }
    if (best == null) {
      throw new BackendException(
          "no usable backend; add unroll-engine-cpu to the class path", true, null);
    }
    return best.open(device, options);
  }

  /** The number itself, or of the only device whose name contains the text. */
  private static int deviceNumber(String id, String text, Availability found) {
    if (found.devices().isEmpty()) {
      return 0; // what is wrong is not the name
    }
    if (text.matches("\\d{1,9}")) {
      return Integer.parseInt(text);
    }
    List<Integer> matching = new ArrayList<>();
    for (int i = 0; i < found.devices().size(); i++) {
      String name = found.devices().get(i).toLowerCase(Locale.ROOT);
      if (name.contains(text.toLowerCase(Locale.ROOT)) && !text.isEmpty()) {
        matching.add(i);
      }
    }
    if (matching.size() == 1) {
      return matching.get(0);
    }
    throw new IllegalArgumentException(
        "backend '"
            + id
            + "': what follows the colon must be a device number, 0 or more, or part of the name of"
            + " one device; there are: "
            + found.devices());
  }

  private static BackendException unavailable(String id, Availability found) {
    String have =
        found.usable()
            ? "there are " + found.devices().size() + " devices: " + found.devices()
            : found.reason();
    return new BackendException(
        "backend "
            + id
            + " is not available: "
            + have
            + (found.remedy().isEmpty() ? "" : "\n" + found.remedy()),
        true,
        null);
  }
}
