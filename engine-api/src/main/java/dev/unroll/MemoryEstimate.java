// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a program will need of a backend's memory, before it runs: it is run on a backend that
 * allocates nothing and computes nothing, and its allocations are counted as {@link Ops#memory}
 * counts them. One training step of the real model with the real batch says what training takes:
 *
 * <pre>{@code
 * MemoryUse use = MemoryEstimate.of(ops -> {
 *   try (Arena model = ops.arena("model"); Arena step = ops.arena("step")) {
 *     ...
 *   }
 * });
 * }</pre>
 *
 * <p>What a backend keeps for itself is not in it, such as packed weights. Whatever is read back
 * from the device is zero.
 */
public final class MemoryEstimate {
  private MemoryEstimate() {}

  /** Memory that is only counted. */
  private record Counted(ElementType type, long capacity) implements Buffer {}

  /**
   * Runs a program without computing.
   *
   * @param program what to measure; closes its arenas
   * @return the memory that it used; {@link MemoryUse#peakBytes} is what it needs
   */
  public static MemoryUse of(Consumer<Ops> program) {
    Backend nothing =
        (Backend)
            Proxy.newProxyInstance(
                MemoryEstimate.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> answer(proxy, method, arguments));
    try (Ops ops = new Ops(nothing)) {
      program.accept(ops);
      return ops.memory();
    }
  }

  private static Object answer(Object proxy, Method method, Object... arguments) {
    String name = "memory estimate";
    return switch (method.getName()) {
      case "name", "toString" -> name;
      case "allocate" -> new Counted((ElementType) arguments[0], (long) arguments[1]);
      case "placement" -> new Placement(name, "none", "none", Precision.EXACT, 0, 0, 0, List.of());
      case "hashCode" -> System.identityHashCode(proxy);
      case "equals" -> proxy == arguments[0];
      default -> null;
    };
  }
}
