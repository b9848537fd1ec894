// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * One loop over a contiguous span for each function of {@link VectorFunctions}: whole vectors
 * first, then the rest by {@link Functions}, which gives the same bits.
 *
 * <p>Every loop is entered through a method handle that is not a constant, which C2 never inlines,
 * so each loop is compiled on its own. Two loops inlined into one method would exceed C2's node
 * limit, and the second would box its vectors.
 */
final class VectorLoops {
  static final Loop EXP = new Loop("exp");
  static final Loop EXPM1 = new Loop("expm1");
  static final Loop LOG = new Loop("log");
  static final Loop LOG1P = new Loop("log1p");
  static final Loop TANH = new Loop("tanh");
  static final Loop ERF = new Loop("erf");
  static final Loop SIGMOID = new Loop("sigmoid");
  static final Loop SILU = new Loop("silu");
  static final Loop SOFTPLUS = new Loop("softplus");
  static final Loop GELU_ERF = new Loop("geluErf");
  static final Loop GELU_TANH = new Loop("geluTanh");
  static final ShiftedLoop SHIFTED_EXP = new ShiftedLoop("shiftedExp");
  static final GradLoop SILU_GRAD = new GradLoop("siluGrad");
  static final GradLoop GELU_ERF_GRAD = new GradLoop("geluErfGrad");
  static final GradLoop GELU_TANH_GRAD = new GradLoop("geluTanhGrad");

  private static final int L = Lanes.F.length();

  private VectorLoops() {}

  /** y = f(x) for whole arrays; a derivative is multiplied by 1. */
  static void apply(String name, float[] x, float[] y) {
    for (Loop loop :
        new Loop[] {
          EXP, EXPM1, LOG, LOG1P, TANH, ERF, SIGMOID, SILU, SOFTPLUS, GELU_ERF, GELU_TANH
        }) {
      if (loop.name.equals(name)) {
        loop.run(x.length, x, 0, y, 0);
        return;
      }
    }
    for (GradLoop loop : new GradLoop[] {SILU_GRAD, GELU_ERF_GRAD, GELU_TANH_GRAD}) {
      if (loop.name.equals(name)) {
        Arrays.fill(y, 1f);
        loop.run(x.length, x, 0, y, 0, y, 0);
        return;
      }
    }
    throw new IllegalArgumentException("no vector form of function \"" + name + "\"");
  }

  /** y = f(x) over a span; y may be x. */
  static final class Loop {
    private final String name;
    // Not final: C2 could otherwise see a constant and inline the loop after all.
    private MethodHandle handle;

    Loop(String name) {
      this.name = name;
      handle = find(name, int.class, float[].class, int.class, float[].class, int.class);
    }

    void run(int n, float[] x, int xo, float[] y, int yo) {
      try {
        handle.invokeExact(n, x, xo, y, yo);
      } catch (Throwable e) {
        throw unchecked(e);
      }
    }
  }

  /** y = f(x - shift) over a span; y may be x. */
  static final class ShiftedLoop {
    private MethodHandle handle; // not final, as above

    ShiftedLoop(String name) {
      handle =
          find(name, int.class, float[].class, int.class, float.class, float[].class, int.class);
    }

    void run(int n, float[] x, int xo, float shift, float[] y, int yo) {
      try {
        handle.invokeExact(n, x, xo, shift, y, yo);
      } catch (Throwable e) {
        throw unchecked(e);
      }
    }
  }

  /** dx = dy * f'(x) over a span; dx may be x or dy. */
  static final class GradLoop {
    private final String name;
    private MethodHandle handle; // not final, as above

    GradLoop(String name) {
      this.name = name;
      handle =
          find(
              name,
              int.class,
              float[].class,
              int.class,
              float[].class,
              int.class,
              float[].class,
              int.class);
    }

    void run(int n, float[] x, int xo, float[] dy, int dyo, float[] dx, int dxo) {
      try {
        handle.invokeExact(n, x, xo, dy, dyo, dx, dxo);
      } catch (Throwable e) {
        throw unchecked(e);
      }
    }
  }

  private static MethodHandle find(String name, Class<?>... parameters) {
    try {
      MethodType type = MethodType.methodType(void.class, parameters);
      return MethodHandles.lookup().findStatic(VectorLoops.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no vector loop " + name, e);
    }
  }

  private static RuntimeException unchecked(Throwable e) {
    if (e instanceof Error) {
      throw (Error) e;
    }
    return e instanceof RuntimeException
        ? (RuntimeException) e
        : new IllegalStateException("a vector loop threw a checked exception", e);
  }

  static void exp(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.exp(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.exp(x[xo + i]);
    }
  }

  static void shiftedExp(int n, float[] x, int xo, float shift, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.exp(at(x, xo + i).sub(shift)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.exp(x[xo + i] - shift);
    }
  }

  static void expm1(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.expm1(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.expm1(x[xo + i]);
    }
  }

  static void log(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.log(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.log(x[xo + i]);
    }
  }

  static void log1p(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.log1p(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.log1p(x[xo + i]);
    }
  }

  static void tanh(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.tanh(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.tanh(x[xo + i]);
    }
  }

  static void erf(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.erf(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.erf(x[xo + i]);
    }
  }

  static void sigmoid(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.sigmoid(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.sigmoid(x[xo + i]);
    }
  }

  static void silu(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.silu(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.silu(x[xo + i]);
    }
  }

  static void softplus(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.softplus(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.softplus(x[xo + i]);
    }
  }

  static void geluErf(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.geluErf(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.geluErf(x[xo + i]);
    }
  }

  static void geluTanh(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      VectorFunctions.geluTanh(at(x, xo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = Functions.geluTanh(x[xo + i]);
    }
  }

  static void siluGrad(int n, float[] x, int xo, float[] dy, int dyo, float[] dx, int dxo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(dy, dyo + i).mul(VectorFunctions.siluGrad(at(x, xo + i))).intoArray(dx, dxo + i);
    }
    for (; i < n; i++) {
      dx[dxo + i] = dy[dyo + i] * Functions.siluGrad(x[xo + i]);
    }
  }

  static void geluErfGrad(int n, float[] x, int xo, float[] dy, int dyo, float[] dx, int dxo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(dy, dyo + i).mul(VectorFunctions.geluErfGrad(at(x, xo + i))).intoArray(dx, dxo + i);
    }
    for (; i < n; i++) {
      dx[dxo + i] = dy[dyo + i] * Functions.geluErfGrad(x[xo + i]);
    }
  }

  static void geluTanhGrad(int n, float[] x, int xo, float[] dy, int dyo, float[] dx, int dxo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(dy, dyo + i).mul(VectorFunctions.geluTanhGrad(at(x, xo + i))).intoArray(dx, dxo + i);
    }
    for (; i < n; i++) {
      dx[dxo + i] = dy[dyo + i] * Functions.geluTanhGrad(x[xo + i]);
    }
  }

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(Lanes.F, x, i);
  }
}
