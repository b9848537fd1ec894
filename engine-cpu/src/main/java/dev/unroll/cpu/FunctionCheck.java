// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * Measures the errors of {@link Functions} against references in double precision, and compares
 * {@link VectorFunctions} with them bit by bit.
 */
public final class FunctionCheck {
  private static final int BLOCK = 1 << 16;
  private static final double UNIT = 0x1p-24;

  /**
   * What was measured of one function on one part of its domain.
   *
   * @param name the function, with the part of its domain where there are several
   * @param inputs how many inputs were checked
   * @param worst the largest error, in units of {@code unit}; infinite where a NaN, an infinity or
   *     the sign of a zero is wrong
   * @param worstInput the input with the largest error, the one with the lowest bits of several
   * @param bound the largest error allowed
   * @param unit {@code ulp} of the reference rounded to float, at least 2^-149, or {@code 2^-24}
   *     (absolute)
   * @param vector {@code equal}, or where scalar and vector form differ, or why they were not
   *     compared
   * @param passed whether the error is within the bound and no differing bits were found
   */
  public record Result(
      String name,
      long inputs,
      double worst,
      float worstInput,
      double bound,
      String unit,
      String vector,
      boolean passed) {}

  @FunctionalInterface
  private interface Scalar {
    float apply(float x);
  }

  /** The inputs from {@code from} up to, not including, {@code to}; NaN is no limit. */
  private record Part(String label, float from, float to, double bound, boolean absolute) {
    boolean has(float x) {
      return !(x < from) && !(x >= to);
    }
  }

  private record Function(
      String name, Scalar scalar, DoubleUnaryOperator reference, List<Part> parts) {}

  private final DoubleUnaryOperator erf;
  private final DoubleUnaryOperator erfc;
  private final List<Function> functions = new ArrayList<>();
  private final boolean vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

  /**
   * A check with the two references that the JDK does not have.
   *
   * @param erf the error function, accurate to double precision
   * @param erfc its complement, accurate in its upper tail
   */
  public FunctionCheck(DoubleUnaryOperator erf, DoubleUnaryOperator erfc) {
    this.erf = erf;
    this.erfc = erfc;
    register();
  }

  private void register() {
    ulps("exp", 1, Functions::exp, StrictMath::exp);
    ulps("expm1", 1, Functions::expm1, StrictMath::expm1);
    ulps("log", 1, Functions::log, StrictMath::log);
    ulps("log1p", 1, Functions::log1p, StrictMath::log1p);
    ulps("tanh", 2, Functions::tanh, StrictMath::tanh);
    ulps("erf", 2, Functions::erf, erf);
    ulps("sigmoid", 2.5, Functions::sigmoid, FunctionCheck::sigmoid);
    ulps("silu", 2.5, Functions::silu, x -> limited(x, x * sigmoid(x)));
    ulps("softplus", 2.5, Functions::softplus, FunctionCheck::softplus);
    tailed("geluErf", Functions::geluErf, x -> limited(x, x * normal(x)));
    tailed("geluTanh", Functions::geluTanh, x -> limited(x, x * sigmoid(twiceU(x))));
    absolute("siluGrad", Functions::siluGrad, FunctionCheck::siluGrad);
    absolute("geluErfGrad", Functions::geluErfGrad, this::geluErfGrad);
    absolute("geluTanhGrad", Functions::geluTanhGrad, FunctionCheck::geluTanhGrad);
  }

  private void ulps(String name, double bound, Scalar scalar, DoubleUnaryOperator reference) {
    add(name, scalar, reference, new Part("", Float.NaN, Float.NaN, bound, false));
  }

  private void absolute(String name, Scalar scalar, DoubleUnaryOperator reference) {
    add(name, scalar, reference, new Part("", Float.NaN, Float.NaN, 4, true));
  }

  private void tailed(String name, Scalar scalar, DoubleUnaryOperator reference) {
    Part upper = new Part(" (x >= -1)", -1f, Float.NaN, 3, false);
    Part lower = new Part(" (x < -1)", Float.NaN, -1f, 4, true);
    add(name, scalar, reference, upper, lower);
  }

  private void add(String name, Scalar scalar, DoubleUnaryOperator reference, Part... parts) {
    functions.add(new Function(name, scalar, reference, List.of(parts)));
  }

  /**
   * The functions that can be checked.
   *
   * @return their names, in the order of {@link #run}
   */
  public List<String> names() {
    return functions.stream().map(Function::name).toList();
  }

  /**
   * Checks every function.
   *
   * @param exhaustive all 2^32 inputs, else about a million for each function
   * @param threads number of threads, at least 1
   * @param progress is told, from any of the threads, which function has got how far
   * @return one result for each function and part of its domain
   */
  public List<Result> run(boolean exhaustive, int threads, Consumer<String> progress) {
    List<Result> results = new ArrayList<>();
    for (String name : names()) {
      results.addAll(run(name, exhaustive, threads, progress));
    }
    return results;
  }

  /**
   * Checks one function.
   *
   * @param name one of {@link #names()}
   * @param exhaustive all 2^32 inputs, else about a million
   * @param threads number of threads, at least 1
   * @param progress is told, from any of the threads, how far the function has got
   * @return one result for each part of its domain
   * @throws IllegalArgumentException if there is no function of that name, or threads is not
   *     positive
   */
  public List<Result> run(String name, boolean exhaustive, int threads, Consumer<String> progress) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + "; it must be at least 1");
    }
    Function function = find(name);
    int[] sample = exhaustive ? null : sample();
    int blocks = exhaustive ? 1 << 16 : (sample.length + BLOCK - 1) / BLOCK;
    AtomicInteger next = new AtomicInteger();
    Callable<Tally> worker = () -> work(function, sample, blocks, next, progress);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      Tally total = new Tally(function);
      for (Future<Tally> part : pool.invokeAll(Collections.nCopies(threads, worker))) {
        total.merge(part.get());
      }
      return total.results();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the check of " + name + " was interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the check of " + name + " failed", e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  private Function find(String name) {
    for (Function function : functions) {
      if (function.name().equals(name)) {
        return function;
      }
    }
    throw new IllegalArgumentException("no function \"" + name + "\"; there are " + names());
  }

  private Tally work(
      Function function, int[] sample, int blocks, AtomicInteger next, Consumer<String> progress) {
    Tally tally = new Tally(function);
    float[] x = new float[BLOCK];
    float[] y = new float[BLOCK];
    for (int b = next.getAndIncrement(); b < blocks; b = next.getAndIncrement()) {
      int n = sample == null ? BLOCK : Math.min(BLOCK, sample.length - b * BLOCK);
      for (int i = 0; i < n; i++) {
        x[i] = Float.intBitsToFloat(sample == null ? b * BLOCK + i : sample[b * BLOCK + i]);
      }
      if (vectors) {
        VectorLoops.apply(function.name(), x, y);
      }
      tally.add(x, y, n);
      if (b % 8192 == 0) {
        progress.accept(function.name() + " " + 100L * b / blocks + " %");
      }
    }
    return tally;
  }

  /** Bits of inputs: all exponents, random significands, and the surroundings of breakpoints. */
  static int[] sample() {
    SplittableRandom random = new SplittableRandom(1);
    IntStream spread =
        IntStream.range(0, 512 * 2000)
            .map(i -> (i / 2000 << 23) | (i % 2000 == 0 ? 0 : random.nextInt(1 << 23)));
    float[] points = {
      0f, 1f, 0.65f, 0.9f, 0.25f,
      0.5f, 0.75f, 1.5f, 0.34657359f, 1.0397208f,
      0.41421356f, 4f, 10f, 11f, 18f,
      104f, 110f, 89f, 88.72284f, 87.33655f,
      103.97208f, 17.32868f, Float.MIN_NORMAL, Float.MAX_VALUE, Float.POSITIVE_INFINITY
    };
    IntStream near =
        IntStream.range(0, points.length * 2048)
            .map(
                i ->
                    Float.floatToRawIntBits(points[i / 2048])
                        + i % 1024
                        - 512
                        + (i % 2048 / 1024 << 31));
    return IntStream.concat(spread, near).toArray();
  }

  private static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  private static double softplus(double x) {
    return (x > 0 ? x : 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
  }

  private double normal(double x) {
    return 0.5 * erfc.applyAsDouble(-x * StrictMath.sqrt(0.5));
  }

  /** The value, or the limit -0 at -infinity, where the product is undefined. */
  private static double limited(double x, double value) {
    return x == Double.NEGATIVE_INFINITY ? -0.0 : value;
  }

  private static double siluGrad(double x) {
    return beyond(x) ? step(x) : sigmoid(x) * (1 + x * sigmoid(-x));
  }

  private double geluErfGrad(double x) {
    double density = StrictMath.exp(-0.5 * x * x) / StrictMath.sqrt(2 * Math.PI);
    return beyond(x) ? step(x) : normal(x) + x * density;
  }

  private static double geluTanhGrad(double x) {
    double slope = 2 * StrictMath.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    double u = twiceU(x);
    return beyond(x) ? step(x) : sigmoid(u) + x * sigmoid(u) * sigmoid(-u) * slope;
  }

  private static double twiceU(double x) {
    return 2 * StrictMath.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
  }

  /** Where every derivative equals its limit to far below a float's precision. */
  private static boolean beyond(double x) {
    return Math.abs(x) > 200;
  }

  private static double step(double x) {
    return x > 0 ? 1 : 0;
  }

  /** The worst errors of one function so far. */
  private final class Tally {
    private final Function function;
    private final double[] worst;
    private final int[] worstBits;
    private final long[] count;
    private long different;
    private int differentBits = -1;

    Tally(Function function) {
      this.function = function;
      int parts = function.parts().size();
      worst = new double[parts];
      worstBits = new int[parts];
      count = new long[parts];
    }

    void add(float[] x, float[] vector, int n) {
      for (int i = 0; i < n; i++) {
        float y = function.scalar().apply(x[i]);
        if (vectors && Float.floatToIntBits(y) != Float.floatToIntBits(vector[i])) {
          differ(1, Float.floatToRawIntBits(x[i]));
        }
        double t = function.reference().applyAsDouble(x[i]);
        for (int p = 0; p < worst.length; p++) {
          Part part = function.parts().get(p);
          if (part.has(x[i])) {
            count[p]++;
            raise(p, error(y, t, part.absolute()), Float.floatToRawIntBits(x[i]));
          }
        }
      }
    }

    private void raise(int part, double error, int bits) {
      boolean lower = Integer.compareUnsigned(bits, worstBits[part]) < 0;
      if (error > worst[part] || (error == worst[part] && lower)) {
        worst[part] = error;
        worstBits[part] = bits;
      }
    }

    private void differ(long inputs, int bits) {
      different += inputs;
      differentBits = Integer.compareUnsigned(bits, differentBits) < 0 ? bits : differentBits;
    }

    void merge(Tally other) {
      for (int p = 0; p < worst.length; p++) {
        count[p] += other.count[p];
        raise(p, other.worst[p], other.worstBits[p]);
      }
      if (other.different > 0) {
        differ(other.different, other.differentBits);
      }
    }

    List<Result> results() {
      List<Result> results = new ArrayList<>();
      for (int p = 0; p < worst.length; p++) {
        Part part = function.parts().get(p);
        boolean passed = worst[p] <= part.bound() && different == 0 && count[p] > 0;
        results.add(
            new Result(
                function.name() + part.label(),
                count[p],
                worst[p],
                Float.intBitsToFloat(worstBits[p]),
                part.bound(),
                part.absolute() ? "2^-24" : "ulp",
                comparison(),
                passed));
      }
      return results;
    }

    private String comparison() {
      if (!vectors) {
        return "not checked: add --add-modules jdk.incubator.vector";
      }
      return different == 0
          ? "equal"
          : String.format("%d inputs differ, first 0x%08x", different, differentBits);
    }
  }

  /**
   * The error of y against t: infinite unless both or neither are NaN, and unless a zero in ulps
   * has the right sign. An infinity counts as 2^128, the next number if the range did not end.
   */
  static double error(float y, double t, boolean absolute) {
    if (Double.isNaN(t) || Float.isNaN(y)) {
      return Double.isNaN(t) && Float.isNaN(y) ? 0 : Double.POSITIVE_INFINITY;
    }
    if (absolute) {
      return Math.abs(y - t) / UNIT;
    }
    if (y == 0 && Math.copySign(1, y) != Math.copySign(1, t)) {
      return Double.POSITIVE_INFINITY;
    }
    double ulp = Math.min(Math.ulp((float) t), 0x1p104);
    return Math.abs(finite(y) - finite(t)) / ulp;
  }

  private static double finite(double v) {
    return Math.abs(v) > 0x1p128 ? Math.copySign(0x1p128, v) : v;
  }
}
