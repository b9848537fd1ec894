// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.unroll.Activation;
import dev.unroll.Indices;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exported models give the same numbers in ONNX Runtime. */
class OnnxExportTest extends DeviceTest {
  private static final int T = 5;
  private static final int B = 3;
  private static final int I = 4;
  private static final int H = 6;

  @TempDir Path folder;

  private float[] inOnnxRuntime(Path file, Object input, long... shape) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(file.toString());
        OnnxTensor x =
            input instanceof float[] numbers
                ? OnnxTensor.createTensor(environment, FloatBuffer.wrap(numbers), shape)
                : OnnxTensor.createTensor(environment, LongBuffer.wrap((long[]) input), shape);
        OrtSession.Result result = session.run(Map.of("input", x))) {
      FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] read = new float[values.remaining()];
      values.get(read);
      return read;
    }
  }

  private void assertEqual(float[] theirs, Tensor ours) {
    float[] y = ops.read(ours);
    assertThat(theirs).hasSameSizeAs(y);
    for (int i = 0; i < y.length; i++) {
      assertThat((double) theirs[i]).as("element %s", i).isCloseTo(y[i], within(2e-6));
    }
  }

  private static Recurrent cell(
      String kind, Initializer init, int layers, Bias bias, RecurrentOptions options) {
    Shape shape = new Shape(I, H, layers, bias);
    return switch (kind) {
      case "rnn" -> new Rnn(init, Activation.RELU, shape, options);
      case "lstm" -> new Lstm(init, shape, options);
      default -> new Gru(init, shape, options);
    };
  }

  @ParameterizedTest
  @CsvSource({
    "rnn,1,false,PYTORCH", "rnn,2,true,SINGLE", "lstm,1,false,NONE", "lstm,3,false,SINGLE",
    "lstm,2,true,PYTORCH", "gru,1,false,PYTORCH", "gru,2,true,SINGLE", "gru,1,true,NONE"
  })
  void recurrentLayersWithDense(String kind, int layers, boolean both, Bias bias)
      throws IOException, OrtException {
    RecurrentOptions options =
        both ? RecurrentOptions.PLAIN.withBidirectional() : RecurrentOptions.PLAIN;
    Initializer init = new Initializer(arena, 3);
    Recurrent cell = cell(kind, init, layers, bias, options);
    Sequential<Tensor> model =
        Sequential.of("cell", (Layer<Tensor>) cell)
            .then("dropout", new Dropout(init, 0.5f))
            .then("dense", new Dense(init, cell.outputSize(), 2));
    assertSameNumbers(model);
  }

  @Test
  void aGruWithTheResetBeforeTheProduct() throws IOException, OrtException {
    Initializer init = new Initializer(arena, 4);
    RecurrentOptions options = RecurrentOptions.PLAIN.withResetBefore();
    assertSameNumbers(
        Sequential.of("gru", (Layer<Tensor>) cell("gru", init, 1, Bias.PYTORCH, options)));
    RecurrentOptions both = options.withBidirectional();
    assertSameNumbers(
        Sequential.of("gru", (Layer<Tensor>) cell("gru", init, 2, Bias.SINGLE, both)));
  }

  @Test
  void everyActivationAndNormalisation() throws IOException, OrtException {
    Initializer init = new Initializer(arena, 5);
    Sequential<Tensor> model =
        Sequential.of("norm", (Layer<Tensor>) new LayerNorm(init, I))
            .then("dense", new Dense(init, I, H, false));
    int number = 0;
    for (Activation f :
        new Activation[] {
          Activation.TANH,
          Activation.leakyRelu(0.2f),
          Activation.elu(0.7f),
          Activation.GELU_ERF,
          Activation.GELU_TANH,
          Activation.SILU,
          Activation.MISH,
          Activation.softplus(1, 20),
          Activation.hardSigmoid(0.3f, 0.4f),
          Activation.SIGMOID,
          Activation.RELU,
          Activation.IDENTITY
        }) {
      model = model.then("f" + number++, new ActivationLayer(f));
    }
    assertSameNumbers(model.then("log", new LogSoftmax()));
    assertSameNumbers(model.then("soft", new Softmax()));
  }

  private void assertSameNumbers(Sequential<Tensor> model) throws IOException, OrtException {
    Path file = folder.resolve("model.onnx");
    OnnxExport.write(file, ops, model, I);
    float[] x = random(T * B * I);
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    Trace trace = model.forward(pass, arena.tensor(x, T * B, I), State.NONE);
    assertEqual(inOnnxRuntime(file, x, T, B, I), trace.output());
  }

  @ParameterizedTest
  @CsvSource({"rnn,false", "lstm,false", "gru,true", "lstm,true"})
  void aClassifierOverIds(String kind, boolean both) throws IOException, OrtException {
    Initializer init = new Initializer(arena, 6);
    RecurrentOptions plain = RecurrentOptions.PLAIN;
    Recurrent cell = cell(kind, init, 1, Bias.PYTORCH, both ? plain.withBidirectional() : plain);
    Sequential<Indices> model =
        Sequential.of("embedding", new Embedding(init, 9, I))
            .then("cell", cell)
            .then("last", new LastStep())
            .then("dense", new Dense(init, cell.outputSize(), 3));
    Path file = folder.resolve("model.onnx");
    OnnxExport.write(file, ops, model, 0);
    int[] ids = IntStream.range(0, T * B).map(i -> i * 5 % 9).toArray();
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    Tensor y = model.forward(pass, arena.indices(ids), State.NONE).output();
    long[] same = IntStream.of(ids).asLongStream().toArray();
    assertEqual(inOnnxRuntime(file, same, T, B), y);
  }

  @Test
  void refusesWhatOnnxHasNoNodeFor() {
    Initializer init = new Initializer(arena, 7);
    Path file = folder.resolve("model.onnx");
    Sequential<Tensor> normed =
        Sequential.of(
            "gru",
            (Layer<Tensor>) new Gru(init, new Shape(I, H), RecurrentOptions.PLAIN.withLayerNorm()));
    assertThatThrownBy(() -> OnnxExport.write(file, ops, normed, I)).hasMessageContaining("'gru'");
    Sequential<Tensor> learned = Sequential.of("p", (Layer<Tensor>) new PRelu(init, 1));
    assertThatThrownBy(() -> OnnxExport.write(file, ops, learned, I))
        .hasMessageContaining("'p' (PRelu)");
    assertThat(file).doesNotExist();
  }
}
