// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.FusedOperations;
import dev.unroll.Operations;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** A backend stripped of its fused operations: those run in their composed form. */
public final class Primitives {
  private Primitives() {}

  /**
   * Passes primitive operations on and composes the fused ones from them.
   *
   * @param ops where the primitives run
   * @return a face that never calls a fused operation of ops
   */
  public static FusedOperations of(Operations ops) {
    InvocationHandler handler =
        (proxy, method, args) -> {
          if (method.isDefault()) {
            return InvocationHandler.invokeDefault(proxy, method, args);
          }
          return call(ops, method, args);
        };
    Class<?>[] face = {FusedOperations.class};
    return (FusedOperations)
        Proxy.newProxyInstance(FusedOperations.class.getClassLoader(), face, handler);
  }

  private static Object call(Operations ops, Method method, Object[] args) throws Throwable {
    try {
      return method.invoke(ops, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
