// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table of cases must find what is wrong: backends with one fault each. */
class PlantedFaultsTest {
  /** Called instead of the operation; does it with a fault. */
  @FunctionalInterface
  private interface Fault {
    void run(Backend real, Object[] args);
  }

  private static Ops broken(String op, Fault fault) {
    Backend real = new ScalarProvider().open(0, BackendProvider.Options.DEFAULT);
    Backend face =
        (Backend)
            Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, args) -> {
                  if (method.getName().equals(op)) {
                    fault.run(real, args);
                    return null;
                  }
                  try {
                    return method.invoke(real, args);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return new Ops(face);
  }

  private static void requireFound(String op, Fault fault) {
    List<OpCase> cases = OpCases.all().stream().filter(c -> c.op().equals(op)).toList();
    try (Ops broken = broken(op, fault);
        Ops right = new Ops(new ScalarProvider().open(0, BackendProvider.Options.DEFAULT))) {
      Parity.Report report = Parity.run(broken, right, cases, o -> {});
      assertThat(report.cases()).isEqualTo(cases.size());
      assertThat(report.failures()).as(op).isNotEmpty();
      assertThat(report.failures().get(0).problems()).isNotEmpty();
      assertThat(broken.memory().liveBuffers()).isZero();
    }
  }

  @Test
  void findsReadingTheOutputUnderBetaZero() {
    requireFound(
        "matmul",
        (real, a) -> {
          Tensor out = (Tensor) a[3];
          if ((float) a[2] == 0) {
            real.binary(Arithmetic.MUL, out, out, out);
            real.matmul((Tensor) a[0], (Tensor) a[1], 1, out);
          } else {
            real.matmul((Tensor) a[0], (Tensor) a[1], (float) a[2], out);
          }
        });
  }

  @Test
  void findsAnUnwrittenLastColumn() {
    requireFound(
        "softmax",
        (real, a) -> {
          Tensor y = (Tensor) a[1];
          real.softmax((Tensor) a[0], y);
          if (y.cols() > 1) {
            real.fill(Float.NaN, y.cols(y.cols() - 1, 1));
          }
        });
  }

  @Test
  void findsOneUnitInTheLastPlace() {
    requireFound(
        "activate",
        (real, a) -> {
          Tensor y = (Tensor) a[2];
          real.activate((Activation) a[0], (Tensor) a[1], y);
          real.axpby(Math.nextUp(1f), y, 0, y);
        });
  }

  @Test
  void findsAnotherOrderOfAddition() {
    requireFound(
        "sumRows",
        (real, a) -> {
          Tensor x = (Tensor) a[0];
          Tensor out = (Tensor) a[2];
          int half = x.rows() / 2;
          real.sumRows(x.rows(half, x.rows() - half), (float) a[1], out);
          real.sumRows(x.rows(0, half), 1, out);
        });
  }

  @Test
  void findsWritingToAnInput() {
    requireFound(
        "copy",
        (real, a) -> {
          real.copy((Tensor) a[0], (Tensor) a[1]);
          Tensor x = (Tensor) a[0];
          if (x.size() > 0 && x.rowStride() != 0 && x.colStride() != 0) {
            real.fill(7, x.rows(0, 1).cols(0, 1));
          }
        });
  }

  @Test
  void findsAStateOfTheWrongRow() {
    requireFound(
        "gather",
        (real, a) -> {
          real.gather((Tensor) a[0], (Indices) a[1], (Tensor) a[2]);
          Tensor out = (Tensor) a[2];
          if (out.rows() > 2) {
            real.copy(out.rows(0, 1), out.rows(1, 1));
          }
        });
  }
}
