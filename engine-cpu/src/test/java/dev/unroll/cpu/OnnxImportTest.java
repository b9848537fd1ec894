// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.io.NamedArray;
import dev.unroll.nn.Bias;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.RecurrentOptions;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.nn.WeightImport;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights of a recurrent ONNX node, imported, give what ONNX Runtime gives with them. */
class OnnxImportTest extends DeviceTest {
  private static final int T = 5;
  private static final int B = 3;
  private static final int I = 4;
  private static final int H = 6;

  private final Map<String, NamedArray> arrays = new LinkedHashMap<>();

  @ParameterizedTest
  @CsvSource({
    "RNN,true,1",
    "RNN,true,2",
    "LSTM,true,1",
    "LSTM,true,2",
    "GRU,true,1",
    "GRU,true,2",
    "GRU,false,1",
    "GRU,false,2"
  })
  void computesWhatTheNodeDoes(WeightImport.Kind kind, boolean resetAfter, int directions)
      throws OrtException {
    int rows = H * (kind == WeightImport.Kind.RNN ? 1 : kind == WeightImport.Kind.GRU ? 3 : 4);
    array("W", directions, rows, I);
    array("R", directions, rows, H);
    array("B", directions, 2 * rows);
    Recurrent layer = layer(kind, resetAfter, directions);
    new WeightImport(arrays.values())
        .onnx(kind, "W", "R", "B", "node", 0)
        .into(ops, Sequential.of("node", layer));
    array("X", T, B, I);
    array("h0", directions, B, H);
    State initial = State.of("h", tensor("h0"));
    if (kind == WeightImport.Kind.LSTM) {
      array("c0", directions, B, H);
      initial = initial.with("c", tensor("c0"));
    }
    Tensor x = arena.tensor(arrays.get("X").values(), T * B, I);
    Trace trace = layer.forward(Pass.of(arena, Steps.uniform(T, B)), x, initial);

    List<float[]> expected =
        inOnnxRuntime(OnnxModel.recurrent(kind.name(), H, resetAfter, directions));
    requireClose(sideBySide(expected.get(0), directions), trace.output());
    int number = 1;
    for (Tensor last : trace.finalState().tensors().values()) {
      requireClose(expected.get(number++), last);
    }
    assertThat(expected).hasSize(number);
  }

  private Recurrent layer(WeightImport.Kind kind, boolean resetAfter, int directions) {
    Initializer init = new Initializer(arena, 1);
    Recurrent.Shape shape = new Recurrent.Shape(I, H, 1, Bias.PYTORCH);
    RecurrentOptions plain = RecurrentOptions.PLAIN;
    RecurrentOptions options = directions == 2 ? plain.withBidirectional() : plain;
    return switch (kind) {
      case RNN -> new Rnn(init, Activation.TANH, shape, options);
      case LSTM -> new Lstm(init, shape, options);
      default -> new Gru(init, shape, resetAfter ? options : options.withResetBefore());
    };
  }

  private void array(String name, int... shape) {
    float[] values = random(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
    arrays.put(name, new NamedArray(name, values, shape));
  }

  private Tensor tensor(String name) {
    return arena.tensor(arrays.get(name).values(), arrays.get(name).shape());
  }

  private List<float[]> inOnnxRuntime(byte[] model) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try (OrtSession session = environment.createSession(model)) {
      for (NamedArray array : arrays.values()) {
        long[] shape = Arrays.stream(array.shape()).asLongStream().toArray();
        FloatBuffer values = FloatBuffer.wrap(array.values());
        inputs.put(array.name(), OnnxTensor.createTensor(environment, values, shape));
      }
      try (OrtSession.Result result = session.run(inputs)) {
        List<float[]> outputs = new ArrayList<>();
        result.forEach(each -> outputs.add(floats((OnnxTensor) each.getValue())));
        return outputs;
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private static float[] floats(OnnxTensor tensor) {
    FloatBuffer buffer = tensor.getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  /** From [T, directions, B, H] to [T * B, directions * H]. */
  private static float[] sideBySide(float[] y, int directions) {
    float[] rows = new float[y.length];
    for (int from = 0; from < y.length; from += H) {
      int b = from / H % B;
      int d = from / (B * H) % directions;
      int t = from / (directions * B * H);
      System.arraycopy(y, from, rows, ((t * B + b) * directions + d) * H, H);
    }
    return rows;
  }

  private void requireClose(float[] expected, Tensor actual) {
    float[] values = ops.read(actual);
    assertThat(values).hasSameSizeAs(expected);
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i]).as("element %s", i).isCloseTo(expected[i], within(2e-6f));
    }
  }
}
