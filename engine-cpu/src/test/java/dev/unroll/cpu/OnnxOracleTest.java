// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two recurrent layers with initial states against ONNX Runtime, one node after the other. */
class OnnxOracleTest {
  private static final int STEPS = 6;
  private static final int BATCH = 3;
  private static final int INPUT = 5;
  private static final int HIDDEN = 7;
  private static final int LAYERS = 2;

  /** For each of ONNX' gates, the number of PyTorch's: i o f c from i f g o; z r h from r z n. */
  private static final Map<String, int[]> GATES =
      Map.of("RNN", new int[] {0}, "LSTM", new int[] {0, 3, 1, 2}, "GRU", new int[] {1, 0, 2});

  @ParameterizedTest
  @CsvSource({
    "RNN,cpu-scalar",
    "RNN,cpu",
    "LSTM,cpu-scalar",
    "LSTM,cpu",
    "GRU,cpu-scalar",
    "GRU,cpu"
  })
  void forwardAgrees(String operator, String backend) throws OrtException {
    try (Ops ops = Backends.open(backend);
        Arena arena = ops.arena("onnx")) {
      Layer<Tensor> layer = layer(operator, new Initializer(arena, 3));
      float[] x = random(STEPS * BATCH * INPUT, 1);
      float[] h0 = random(LAYERS * BATCH * HIDDEN, 2);
      float[] c0 = random(LAYERS * BATCH * HIDDEN, 3);
      State initial = State.of("h", arena.tensor(h0, LAYERS, BATCH, HIDDEN));
      if (operator.equals("LSTM")) {
        initial = initial.with("c", arena.tensor(c0, LAYERS, BATCH, HIDDEN));
      }
      Pass pass = Pass.of(arena, Steps.uniform(STEPS, BATCH));
      Trace trace = layer.forward(pass, arena.tensor(x, STEPS * BATCH, INPUT), initial);
      Map<String, float[]> parameters = new HashMap<>();
      for (Parameter p : layer.parameters()) {
        parameters.put(p.name(), ops.read(p.value()));
      }
      float[] input = x;
      for (int k = 0; k < LAYERS; k++) {
        int from = k * BATCH * HIDDEN;
        Map<String, float[]> states = new LinkedHashMap<>();
        states.put("h", Arrays.copyOfRange(h0, from, from + BATCH * HIDDEN));
        states.put("c", Arrays.copyOfRange(c0, from, from + BATCH * HIDDEN));
        Map<String, float[]> expected = run(operator, parameters, k, input, states);
        for (Map.Entry<String, Tensor> last : trace.finalState().tensors().entrySet()) {
          float[] actual = ops.read(last.getValue().rows(k * BATCH, BATCH));
          requireClose(last.getKey(), actual, expected.get(last.getKey() + "n"));
        }
        input = expected.get("Y");
      }
      requireClose("output", ops.read(trace.output()), input);
    }
  }

  private static Layer<Tensor> layer(String operator, Initializer init) {
    Recurrent.Shape shape = new Recurrent.Shape(INPUT, HIDDEN, LAYERS, Bias.PYTORCH);
    return switch (operator) {
      case "RNN" -> new Rnn(init, Activation.TANH, shape);
      case "LSTM" -> new Lstm(init, shape);
      default -> new Gru(init, shape);
    };
  }

  /** One layer in ONNX Runtime. */
  private static Map<String, float[]> run(
      String operator,
      Map<String, float[]> parameters,
      int k,
      float[] x,
      Map<String, float[]> states)
      throws OrtException {
    int input = x.length / (STEPS * BATCH);
    int rows = GATES.get(operator).length * HIDDEN;
    float[] ih = reordered(operator, parameters.get("weight_ih_l" + k));
    float[] hh = reordered(operator, parameters.get("weight_hh_l" + k));
    float[] biasIh = reordered(operator, parameters.get("bias_ih_l" + k));
    float[] biasHh = reordered(operator, parameters.get("bias_hh_l" + k));
    float[] bias = Arrays.copyOf(biasIh, 2 * rows);
    System.arraycopy(biasHh, 0, bias, rows, rows);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try (OrtSession session = environment.createSession(OnnxModel.recurrent(operator, HIDDEN))) {
      inputs.put("X", tensor(environment, x, STEPS, BATCH, input));
      inputs.put("W", tensor(environment, ih, 1, rows, input));
      inputs.put("R", tensor(environment, hh, 1, rows, HIDDEN));
      inputs.put("B", tensor(environment, bias, 1, 2L * rows));
      inputs.put("h0", tensor(environment, states.get("h"), 1, BATCH, HIDDEN));
      if (operator.equals("LSTM")) {
        inputs.put("c0", tensor(environment, states.get("c"), 1, BATCH, HIDDEN));
      }
      return outputs(session, inputs);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private static Map<String, float[]> outputs(OrtSession session, Map<String, OnnxTensor> inputs)
      throws OrtException {
    Map<String, float[]> outputs = new HashMap<>();
    try (OrtSession.Result result = session.run(inputs)) {
      for (var output : result) {
        FloatBuffer buffer = ((OnnxTensor) output.getValue()).getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        outputs.put(output.getKey(), values);
      }
    }
    return outputs;
  }

  private static OnnxTensor tensor(OrtEnvironment environment, float[] values, long... shape)
      throws OrtException {
    return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
  }

  /** Blocks of rows in ONNX' order. */
  private static float[] reordered(String operator, float... values) {
    int[] gates = GATES.get(operator);
    int size = values.length / gates.length;
    float[] ordered = new float[values.length];
    for (int gate = 0; gate < gates.length; gate++) {
      System.arraycopy(values, gates[gate] * size, ordered, gate * size, size);
    }
    return ordered;
  }

  private static float[] random(int count, int stream) {
    float[] values = new float[count];
    Philox.fillUniform(9, stream, 0, -1, 1, values);
    return values;
  }

  private static void requireClose(String what, float[] actual, float... expected) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).as(what + "[" + i + "]").isCloseTo(expected[i], within(2e-6f));
    }
  }
}
