// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.AdamStep;
import dev.unroll.Arena;
import dev.unroll.Backend;
import dev.unroll.BackendException;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.ElementType;
import dev.unroll.Ops;
import dev.unroll.Precision;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import dev.unroll.kernels.DeviceBackend;
import dev.unroll.kernels.Sources;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the conformance suite does not ask: launches, memory, threads, group sizes, failures. */
class OpenClBackendTest {
  private static final int BATCH = 3;
  private static final int HIDDEN = 5;

  @BeforeEach
  void needsDevice() {
    Machine.requireDevice();
  }

  @Test
  void sequencesLaunchTwoKernelsForEachStep() {
    withSetting(
        "sequences",
        "steps",
        ops -> {
          long few = lstmLaunches(ops, Steps.uniform(4, BATCH));
          assertThat(lstmLaunches(ops, Steps.uniform(14, BATCH)) - few).isEqualTo(10 * (2 + 2));
          assertThat(few).isBetween(1L, 4L * (2 + 2) + 4);
        });
  }

  @Test
  void wholeSequencesLaunchOneKernelForStepsOfEqualSize() {
    withSetting(
        "sequences",
        "whole",
        ops -> {
          assertThat(lstmLaunches(ops, Steps.uniform(4, BATCH))).isEqualTo(2 * (1 + 1));
          assertThat(lstmLaunches(ops, Steps.uniform(14, BATCH))).isEqualTo(2 * (1 + 1));
          assertThat(lstmLaunches(ops, Steps.descending(9, 4, 4))).isEqualTo(2 * (1 + 2));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"steps", "whole"})
  void formsOfSequencesGiveTheSameBits(String form) {
    withSetting(
        "sequences",
        form,
        ops -> {
          try (Ops reference = Backends.open("cpu-scalar")) {
            for (String op : List.of("rnnSequence", "lstmSequence", "gruSequence")) {
              for (OpCase c : casesOf(op, op + "Grad")) {
                assertThat(Parity.compare(ops, reference, c).problems()).as(c.name()).isEmpty();
              }
            }
          }
        });
  }

  private static void withSetting(String key, String value, Consumer<Ops> body) {
    System.setProperty("unroll.tuning." + key, value);
    try (Ops ops = Backends.open("opencl")) {
      body.accept(ops);
    } finally {
      System.clearProperty("unroll.tuning." + key);
    }
  }

  /** Launches of an LSTM forward and backward. */
  private static long lstmLaunches(Ops ops, Steps steps) {
    try (Arena arena = ops.arena("lstm")) {
      Tensor w = zeros(arena, 4 * HIDDEN, HIDDEN);
      Tensor gates = zeros(arena, steps.rows(), 4 * HIDDEN);
      Tensor hs = zeros(arena, BATCH + steps.rows(), HIDDEN);
      Tensor cs = zeros(arena, BATCH + steps.rows(), HIDDEN);
      Tensor tanhC = zeros(arena, steps.rows(), HIDDEN);
      Tensor dOut = zeros(arena, steps.rows(), HIDDEN);
      Tensor dh = zeros(arena, BATCH, HIDDEN);
      Tensor dc = zeros(arena, BATCH, HIDDEN);
      Tensor dGates = zeros(arena, steps.rows(), 4 * HIDDEN);
      long before = ops.placement().launches();
      ops.lstmSequence(steps, w, gates, hs, cs, tanhC);
      long forward = ops.placement().launches() - before;
      assertThat(forward).isLessThanOrEqualTo(2L * steps.count() + 2);
      ops.lstmSequenceGrad(steps, w, gates, cs, tanhC, dOut, dh, dc, dGates);
      return ops.placement().launches() - before;
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "8, 1", "9, 2", "17, 3"})
  void optimiserLaunchesOneKernelForEightParameters(int parameters, int launches) {
    try (Ops ops = Backends.open("opencl");
        Arena arena = ops.arena("adam")) {
      List<Tensor> params = new ArrayList<>();
      for (int i = 0; i < parameters; i++) {
        params.add(zeros(arena, 3, 5 + i));
      }
      List<Tensor> grads = like(arena, params);
      List<Tensor> m = like(arena, params);
      List<Tensor> v = like(arena, params);
      Tensor scalars = zeros(arena, 1, 3);
      AdamStep step = new AdamStep(0.9f, 0.1f, 0.99f, 0.01f, 1e-8f, 0f);
      long before = ops.placement().launches();
      ops.adamStep(step, scalars, null, params, grads, m, v, List.of());
      assertThat(ops.placement().launches() - before).isEqualTo(launches);
      before = ops.placement().launches();
      ops.norm(grads, scalars.cols(0, 1));
      assertThat(ops.placement().launches() - before).as("norm").isEqualTo(launches + 1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "7, 33, 13, naive, columns",
    "100000, 100000, 100000, local, rows",
  })
  void groupSizesChangeNoBit(
      String elements, String rows, String columns, String matmul, String scatter) {
    String[][] settings = {
      {"elementwise.group", elements},
      {"rows.group", rows},
      {"columns.group", columns},
      {"matmul.naive.group", elements},
      {"matmul", matmul},
      {"scatter", scatter}
    };
    for (String[] setting : settings) {
      System.setProperty("unroll.tuning." + setting[0], setting[1]);
    }
    try (Ops ops = Backends.open("opencl");
        Ops reference = Backends.open("cpu-scalar")) {
      assertThat(ops.placement().notes()).contains("matmul: " + matmul);
      for (OpCase c : casesOf("axpby", "sumRows", "sum", "softmax", "matmul", "scatterAdd")) {
        assertThat(Parity.compare(ops, reference, c).problems()).as(c.name()).isEmpty();
      }
    } finally {
      for (String[] setting : settings) {
        System.clearProperty("unroll.tuning." + setting[0]);
      }
    }
  }

  @Test
  void memoryIsFlatAndAllOfItIsReleased() throws Exception {
    OpenClDevice device = OpenClDevice.open(OpenClDevice.all().get(0));
    Backend backend = DeviceBackend.open("opencl", device, Sources.openCl(), Precision.EXACT);
    int before = device.liveBuffers();
    assertThat(before).as("after the probe").isZero();
    try (Ops ops = new Ops(backend)) {
      for (int i = 0; i < 50; i++) { // until the programs of its batches repeat
        lstmLaunches(ops, Steps.uniform(4, BATCH));
      }
      int first = device.liveBuffers();
      for (int i = 0; i < 50; i++) {
        lstmLaunches(ops, Steps.uniform(4, BATCH));
      }
      assertThat(device.liveBuffers()).isEqualTo(first);
      assertThat(ops.memory().liveBuffers()).isZero();
    }
    assertThat(device.liveBuffers()).isZero();
  }

  @Test
  void smallLaunchesAndWritesGoTogetherInTheirOrder() {
    try (Ops ops = Backends.open("opencl");
        Arena arena = ops.arena("test")) {
      Tensor x = arena.tensor(new float[] {1, 2, 3}, 1, 3);
      Tensor y = arena.tensor(1, 3);
      ops.fill(5, y);
      ops.axpby(2, x, 1, y);
      ops.copy(y, x);
      assertThat(ops.read(x)).containsExactly(7, 9, 11);
      assertThat(ops.placement().notes()).contains("launches that went as one: 4 in 1");
    }
  }

  @Test
  void closingWithOpenArenasNamesThemAndReleasesAll() throws Exception {
    OpenClDevice device = OpenClDevice.open(OpenClDevice.all().get(0));
    Ops ops = new Ops(DeviceBackend.open("opencl", device, Sources.openCl(), Precision.EXACT));
    ops.arena("first").tensor(3, 5);
    ops.arena("second").tensor(7, 1);
    assertThatThrownBy(ops::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("open arenas: 'first', 'second'");
    assertThat(device.liveBuffers()).isZero();
  }

  @Test
  void threadsWithHandlesOfTheirOwnDoNotDisturbEachOther() throws Exception {
    float[] alone = product(1);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<float[]>> results = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        results.add(threads.submit(() -> product(20)));
      }
      for (Future<float[]> result : results) {
        assertThat(result.get()).containsExactly(alone);
      }
    } finally {
      threads.shutdown();
    }
  }

  private static float[] product(int times) {
    try (Ops ops = Backends.open("opencl");
        Arena arena = ops.arena("product")) {
      float[] values = new float[33 * 33];
      for (int i = 0; i < values.length; i++) {
        values[i] = (i * 37 % 101 - 50) / 16f;
      }
      Tensor a = arena.tensor(values, 33, 33);
      Tensor out = arena.tensor(33, 33);
      for (int i = 0; i < times; i++) {
        ops.matmul(a, a.t(), 0, out);
        ops.softmax(out, out);
      }
      return ops.read(out);
    }
  }

  @Test
  void writeTakesTheValuesAtOnce() {
    try (Ops ops = Backends.open("opencl");
        Arena arena = ops.arena("write")) {
      float[] values = new float[100_000];
      Tensor x = arena.tensor(1, values.length);
      Arrays.fill(values, 1f);
      ops.write(values, x);
      Arrays.fill(values, 2f);
      assertThat(ops.read(x)).containsOnly(1f);
    }
  }

  @Test
  void tooMuchMemoryIsAnErrorWithTheDriversWord() throws Exception {
    try (OpenClDevice device = OpenClDevice.open(OpenClDevice.all().get(0))) {
      assertThatThrownBy(() -> device.allocate(ElementType.FLOAT32, Long.MAX_VALUE / 8))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("opencl (")
          .hasMessageContaining("CL_");
    }
  }

  @Test
  void deviceIsFoundByPartOfItsName() {
    BackendProvider provider = new OpenClProvider();
    String name = provider.probe().devices().get(0);
    try (Ops ops = Backends.open("opencl:" + name.substring(0, name.indexOf(',')))) {
      assertThat(name).startsWith(ops.placement().device());
      assertThat(ops.placement().precision()).isEqualTo(Precision.EXACT);
    }
    assertThatThrownBy(() -> Backends.open("opencl:no such device"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name);
    assertThatThrownBy(() -> Backends.open("opencl:99"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining(name);
  }

  @Test
  void autoNeverTakesTheProcessorByWayOfOpenCl() {
    BackendProvider provider = new OpenClProvider();
    int devices = provider.probe().devices().size();
    try (Ops best = Backends.open("auto")) {
      boolean gpu = false;
      for (int i = 0; i < devices; i++) {
        gpu |= provider.rank(i) > 0;
      }
      assertThat(best.name()).startsWith(gpu ? "opencl" : "cpu");
    }
  }

  /** Some cases of these operations, small ones among them. */
  private static List<OpCase> casesOf(String... operations) {
    List<OpCase> chosen = new ArrayList<>();
    for (String operation : operations) {
      List<OpCase> all = OpCases.all().stream().filter(c -> c.op().equals(operation)).toList();
      for (int i = 0; i < all.size(); i += 1 + all.size() / 12) {
        chosen.add(all.get(i));
      }
    }
    return chosen;
  }

  private static List<Tensor> like(Arena arena, List<Tensor> tensors) {
    return tensors.stream().map(x -> zeros(arena, x.rows(), x.cols())).toList();
  }

  private static Tensor zeros(Arena arena, int rows, int cols) {
    Tensor x = arena.tensor(rows, cols);
    arena.ops().fill(0, x);
    return x;
  }
}
