// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Precision;
import dev.unroll.SgdStep;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import dev.unroll.kernels.Device;
import dev.unroll.kernels.DeviceBackend;
import dev.unroll.kernels.DeviceInfo;
import dev.unroll.kernels.Sources;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Launches of several groups in one batch, whose work-groups share them: however many there are,
 * and whether they run side by side or one after the other.
 */
class BatchTest {
  /** Has small tensors be shared by as many groups as possible. */
  private static final List<String> SHARED =
      List.of(
          "elementwise.least",
          "elementwise.columns",
          "rows.least",
          "matmul.least",
          "sequences.rows");

  private static final int SECONDS = 240;

  @TempDir Path folder;

  @BeforeEach
  void needsDevice() {
    Machine.requireDevice();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 64})
  void anyNumberOfWorkGroupsGivesTheSameBits(int units) throws IOException {
    compare(units);
  }

  /** Where a work-group that waits for another one would wait for ever. */
  @ParameterizedTest
  @CsvSource({"1, 2", "1, 64", "3, 7"})
  void workGroupsNeedNotRunAtOnce(int threads, int units) throws Exception {
    Map<String, String> environment = Map.of("POCL_MAX_PTHREAD_COUNT", "" + threads);
    Fork.Result result = Fork.run(folder, SECONDS, environment, Main.class, "" + units);
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out()).isEqualTo("done\n");
  }

  /** In a process of its own. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) throws IOException {
      compare(Integer.parseInt(arguments[0]));
      System.out.println("done");
    }
  }

  @Test
  void trainingStepIsOneBatch() throws IOException {
    share();
    try (Ops ops = open(2);
        Arena arena = ops.arena("step")) {
      Network network = new Network(arena);
      network.step(ops);
      assertThat(ops.read(network.loss)).doesNotContain(Float.NaN);
      int before = batches(ops);
      for (int i = 0; i < 3; i++) {
        network.step(ops);
      }
      ops.synchronize();
      assertThat(batches(ops)).isEqualTo(before + 3);
    } finally {
      clear();
    }
  }

  /** More words than a program has, more buffers than it names, and writes in between. */
  @Test
  void longSequencesAreCutAndKeepTheirOrder() throws IOException {
    try (Ops ops = open(2);
        Arena arena = ops.arena("long")) {
      float[] values = new float[1500];
      Tensor sum = arena.tensor(1, values.length);
      ops.fill(0, sum);
      for (int i = 1; i <= 300; i++) {
        Tensor x = arena.tensor(1, values.length);
        Arrays.fill(values, i);
        ops.write(values, x);
        ops.axpby(1, x, 1, sum);
        ops.fill(Float.NaN, x);
      }
      assertThat(ops.read(sum)).containsOnly(300 * 301 / 2);
      assertThat(batches(ops)).isBetween(2, 100);
    }
  }

  private static int batches(Ops ops) {
    String notes = String.join(";", ops.placement().notes());
    return Integer.parseInt(
        notes.replaceAll(".*launches that went as one: \\d+ in (\\d+).*", "$1"));
  }

  /** Training steps without a wait, each dependent on all before, and single operations. */
  private static void compare(int units) throws IOException {
    share();
    try (Ops ops = open(units);
        Ops reference = Backends.open("cpu-scalar")) {
      assertThat(trained(ops)).containsExactly(trained(reference));
      for (OpCase c : OpCases.all()) {
        if (c.name().hashCode() % 16 == 0) {
          assertThat(Parity.compare(ops, reference, c).problems()).as(c.name()).isEmpty();
        }
      }
    } finally {
      clear();
    }
  }

  private static void share() {
    SHARED.forEach(key -> System.setProperty("unroll.tuning." + key, "1"));
  }

  private static void clear() {
    SHARED.forEach(key -> System.clearProperty("unroll.tuning." + key));
  }

  private static float[] trained(Ops ops) {
    try (Arena arena = ops.arena("trained")) {
      Network network = new Network(arena);
      for (int i = 0; i < 40; i++) {
        network.step(ops);
      }
      float[] w = ops.read(network.w);
      float[] all = Arrays.copyOf(w, w.length + 1);
      all[w.length] = ops.read(network.loss)[0];
      assertThat(all).doesNotContain(Float.NaN); // else both sides could be equal without a number
      return all;
    }
  }

  /** A layer and its gradient, of odd sizes. What a step computes is no number at first. */
  private static final class Network {
    private static final int ROWS = 13;
    private static final int STEPS = 5;
    private static final int HIDDEN = 37;

    private final Steps steps = Steps.uniform(STEPS, ROWS);
    private final Tensor x;
    private final Tensor w;
    private final Tensor wHh;
    private final Tensor pre;
    private final Tensor hs;
    private final Tensor dh;
    private final Tensor dPre;
    private final Tensor dW;
    private final Tensor momentum;
    private final Tensor rate;
    private final Tensor loss;

    Network(Arena arena) {
      x = values(arena, STEPS * ROWS, HIDDEN, 1);
      w = values(arena, HIDDEN, HIDDEN, 2);
      wHh = values(arena, HIDDEN, HIDDEN, 3);
      pre = poisoned(arena, STEPS * ROWS, HIDDEN);
      hs = poisoned(arena, (STEPS + 1) * ROWS, HIDDEN);
      dh = poisoned(arena, ROWS, HIDDEN);
      dPre = poisoned(arena, STEPS * ROWS, HIDDEN);
      dW = poisoned(arena, HIDDEN, HIDDEN);
      momentum = poisoned(arena, HIDDEN, HIDDEN);
      arena.ops().fill(0, momentum);
      rate = arena.tensor(1, 1);
      loss = poisoned(arena, 1, 1);
    }

    void step(Ops ops) {
      poison(ops, pre, hs, dh, dPre, dW, loss);
      ops.fill(0, hs.rows(0, ROWS));
      ops.fill(0.125f, dh);
      ops.matmul(x, w, 0, pre);
      ops.rnnSequence(steps, Activation.TANH, wHh, pre, hs);
      ops.rnnSequenceGrad(steps, Activation.TANH, wHh, pre, hs, null, dh, dPre);
      ops.matmul(x.t(), dPre, 0, dW);
      ops.binary(Arithmetic.SUB, dW, w, dW);
      ops.softmax(dW, dW);
      ops.sum(dW, 3, loss);
      ops.write(new float[] {0.0625f}, rate);
      SgdStep plain = new SgdStep(0, 0.5f, 1, false, false);
      ops.sgdStep(plain, rate, null, List.of(w), List.of(dW), List.of(momentum));
    }

    private static Tensor poisoned(Arena arena, int rows, int cols) {
      Tensor tensor = arena.tensor(rows, cols);
      poison(arena.ops(), tensor);
      return tensor;
    }

    private static void poison(Ops ops, Tensor... tensors) {
      for (Tensor tensor : tensors) {
        ops.fill(Float.NaN, tensor);
      }
    }

    private static Tensor values(Arena arena, int rows, int cols, int seed) {
      float[] values = new float[rows * cols];
      for (int i = 0; i < values.length; i++) {
        values[i] = ((i + seed) * 37 % 101 - 50) / 256f;
      }
      return arena.tensor(values, rows, cols);
    }
  }

  /** The backend on a device that says it has so many processors. */
  private static Ops open(int units) throws IOException {
    OpenClDevice device = OpenClDevice.open(OpenClDevice.all().get(0));
    DeviceInfo is = device.info();
    DeviceInfo says =
        new DeviceInfo(is.type(), is.name(), is.driver(), is.options(), units, is.maxGroup());
    Device other =
        (Device)
            Proxy.newProxyInstance(
                Device.class.getClassLoader(),
                new Class<?>[] {Device.class},
                (proxy, method, arguments) -> {
                  try {
                    Object result = method.invoke(device, arguments);
                    return method.getName().equals("info") ? says : result;
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return new Ops(DeviceBackend.open("opencl", other, Sources.openCl(), Precision.EXACT));
  }
}
