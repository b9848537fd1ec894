// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.BackendException;
import dev.unroll.Buffer;
import dev.unroll.Indices;
import dev.unroll.Tensor;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program on a device: built once per user, device and driver, and launched with checked
 * arguments.
 */
public final class KernelLibrary {
  private static final System.Logger LOG = System.getLogger(KernelLibrary.class.getName());

  /** As compilers made with clang tell it, and as PoCL does. */
  private static final Pattern PLACE =
      Pattern.compile(
          "(?=[^\n]*error:)(?:error: )?([\\w./-]+\\.(?:cl|h)):(\\d+):\\d+:(?: (?:fatal )?error:)?"
              + " ([^\n]*)");

  private final Device device;
  private final Map<String, Signature> signatures;
  private final Map<String, Integer> groupLimits;
  private final boolean fromCache;
  private long launches;

  /**
   * Builds the program, or takes it from the user's cache.
   *
   * @param device where it will run
   * @param sources what it is made of
   * @throws BackendException if it does not compile, with the file, the line and the compiler's log
   */
  public KernelLibrary(Device device, Sources sources) {
    this.device = device;
    this.signatures = Signature.parse(sources.text());
    ProgramCache cache = ProgramCache.open();
    String key = ProgramCache.key(device.info(), sources.text());
    Optional<Map<String, Integer>> kept = cache.get(key).flatMap(this::tryLoad);
    this.fromCache = kept.isPresent();
    this.groupLimits = kept.orElseGet(() -> build(cache, key, sources));
    for (String kernel : signatures.keySet()) {
      limit(kernel);
    }
  }

  /**
   * Launches so far.
   *
   * @return number of kernels queued
   */
  public long launches() {
    return launches;
  }

  /**
   * Whether the program came from the cache.
   *
   * @return false if it was compiled just now
   */
  public boolean fromCache() {
    return fromCache;
  }

  /** Whether the program has a kernel of this name. */
  boolean has(String kernel) {
    return signatures.containsKey(kernel);
  }

  /**
   * The most work-items that a group of a kernel can have on this device.
   *
   * @param kernel its name
   * @return at least 1
   */
  int limit(String kernel) {
    Integer limit = groupLimits.get(kernel);
    if (limit == null) {
      throw new IllegalArgumentException(
          "there is no kernel '" + kernel + "'; there are " + groupLimits.keySet());
    }
    return limit;
  }

  /**
   * Queues a kernel.
   *
   * @param kernel its name
   * @param grid work-groups
   * @param arguments tensors (four arguments of the kernel each), indices and runs (two), buffers,
   *     floats and ints
   * @throws IllegalArgumentException if they are not what the kernel declares, or a tensor reaches
   *     beyond its buffer
   */
  public void launch(String kernel, Grid grid, Object... arguments) {
    if (grid.groupSize() > limit(kernel)) {
      throw new IllegalArgumentException(
          "kernel "
              + kernel
              + ": a group of "
              + grid.groupSize()
              + " work-items is too large for "
              + device.info().name()
              + ", which allows "
              + limit(kernel));
    }
    List<Object> all = new ArrayList<>(4 * arguments.length);
    for (Object argument : arguments) {
      expand(kernel, argument, all);
    }
    signatures.get(kernel).check(all);
    device.launch(kernel, grid, all.toArray());
    launches++;
  }

  private static void expand(String kernel, Object argument, List<Object> to) {
    if (argument instanceof Tensor tensor) {
      expand(kernel, View.of(tensor), to);
    } else if (argument instanceof View view) {
      requireInside(kernel, view, view.fits(), view.buffer());
      to.addAll(List.of(view.buffer(), view.offset(), view.rowStride(), view.colStride()));
    } else if (argument instanceof Run run) {
      requireInside(kernel, run, run.fits(), run.buffer());
      to.addAll(List.of(run.buffer(), run.offset()));
    } else if (argument instanceof Indices indices) {
      to.addAll(List.of(indices.buffer(), indices.offset()));
    } else {
      to.add(argument);
    }
  }

  private static void requireInside(String kernel, Object what, boolean fits, Buffer buffer) {
    if (!fits) {
      throw new IllegalArgumentException(
          "kernel "
              + kernel
              + ": "
              + what
              + " reaches beyond its buffer of "
              + buffer.capacity()
              + " elements");
    }
  }

  private Optional<Map<String, Integer>> tryLoad(byte[] program) {
    try {
      return Optional.of(device.load(program));
    } catch (BackendException e) {
      LOG.log(Level.WARNING, "a kept program is refused and built anew: " + e.getMessage());
      return Optional.empty();
    }
  }

  private Map<String, Integer> build(ProgramCache cache, String key, Sources sources) {
    try {
      Map<String, Integer> kernels = device.compile(sources.text());
      device.binary().ifPresent(program -> cache.put(key, program));
      return kernels;
    } catch (CompileException e) {
      throw new BackendException(
          device.info().name() + ": the device code does not compile: " + explained(e), true, e);
    }
  }

  /** The first error with its place, then all that the compiler said. */
  private static String explained(CompileException e) {
    Matcher place = PLACE.matcher(e.getMessage());
    String log = "\nThe compiler's log:\n" + e.getMessage().strip();
    return place.find()
        ? place.group(1) + ", line " + place.group(2) + ": " + place.group(3) + log
        : log.strip();
  }
}
