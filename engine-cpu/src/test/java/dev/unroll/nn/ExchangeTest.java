// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Tensor;
import dev.unroll.io.NamedArray;
import dev.unroll.io.Npz;
import dev.unroll.io.SafeTensors;
import dev.unroll.nn.Recurrent.Shape;
import dev.unroll.train.Adam;
import dev.unroll.train.Clipping;
import dev.unroll.train.Digest;
import dev.unroll.train.Groups;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Sgd;
import dev.unroll.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights that leave in PyTorch's layout and come back train on with the same bits. */
class ExchangeTest extends DeviceTest {
  private static final int CLASSES = 7;
  private static final int WIDTH = 3;

  @TempDir Path folder;

  /** One of each layer that PyTorch has too. */
  private Sequential<Indices> model(long seed, int outputs) {
    Initializer init = new Initializer(arena, seed);
    RecurrentOptions both = RecurrentOptions.PLAIN.withBidirectional();
    Shape lower = new Shape(WIDTH, 4, 2, Bias.PYTORCH);
    return Sequential.of("embedding", new Embedding(init, CLASSES, WIDTH))
        .then("lstm", new Lstm(init, lower, both.withProjection(2)))
        .then("norm", new LayerNorm(init, 4))
        .then("gru", new Gru(init, new Shape(4, 5, 1, Bias.SINGLE), both))
        .then("rnn", new Rnn(init, Activation.TANH, new Shape(10, 4, 1, Bias.NONE)))
        .then("head", new Dense(init, 4, outputs));
  }

  private Tensor step(Sequential<Indices> model, Arena step, long number) {
    Ragged ragged = Ragged.of(3, 5, 0, 2);
    int[] ids = IntStream.range(0, 10).map(i -> (int) ((i * 3L + number) % CLASSES)).toArray();
    int[] targets = IntStream.of(ids).map(id -> id % 2).toArray();
    Trace trace = model.forward(Pass.of(step, ragged), step.indices(ids), State.NONE);
    Losses.Loss loss =
        Losses.crossEntropy(step, CrossEntropy.MEAN, trace.output(), step.indices(targets), null);
    trace.backward(loss.gradient(), State.NONE);
    return loss.value();
  }

  /** Trains some steps; gives what a run of any other bits would not. */
  private String train(Sequential<Indices> model, Optimizer optimizer) {
    Trainer trainer =
        new Trainer(ops, optimizer, Clipping.byNorm(1), n -> 0.01, (a, n) -> step(model, a, n));
    trainer.run(3, () -> false);
    return new Digest().add(trainer.losses()).add(ops, model.parameters()).hex();
  }

  private String train(Sequential<Indices> model) {
    return train(model, new Adam(arena, model.parameters(), Adam.Settings.ADAM));
  }

  @Test
  void trainingGoesOnWithTheSameBits() throws IOException {
    Sequential<Indices> ours = model(1, CLASSES);
    Path file = folder.resolve("ours.safetensors");
    ModelFile.write(file, ops, ours, Map.of());
    List<NamedArray> arrays;
    try (SafeTensors in = SafeTensors.open(file)) {
      arrays = in.arrays().stream().map(a -> a.named("module." + a.name())).toList();
    }
    // What the other side keeps in an archive of numpy's comes back as it was.
    Path npz = folder.resolve("theirs.npz");
    Npz.write(npz, arrays);

    Sequential<Indices> theirs = model(2, CLASSES);
    WeightImport.Report report =
        new WeightImport(Npz.read(npz)).pytorch("module.", "").into(ops, theirs);
    assertThat(report.lines())
        .hasSize(theirs.parameters().size() + theirs.constants().size())
        .contains(
            "lstm.weight_hr_l1_reverse [2, 4] <- module.lstm.weight_hr_l1_reverse",
            "gru.bias_hh_l0 [15] <- module.gru.bias_hh_l0");
    Path back = folder.resolve("back.safetensors");
    ModelFile.write(back, ops, theirs, Map.of());
    assertThat(Files.readAllBytes(back)).isEqualTo(Files.readAllBytes(file));

    String digest = train(ours);
    assertThat(train(theirs)).isEqualTo(digest);
    Sequential<Indices> again = model(3, CLASSES);
    assertThat(train(model(3, CLASSES))).isNotEqualTo(digest);
    ModelFile.read(back, ops, again);
    assertThat(train(again)).isEqualTo(digest);
  }

  @Test
  void fineTuningReplacesTheHeadAndTrainsIt() throws IOException {
    Sequential<Indices> trained = model(1, CLASSES);
    Path file = folder.resolve("trained.safetensors");
    ModelFile.write(file, ops, trained, Map.of());
    Sequential<Indices> tuned = model(2, 2);
    List<Parameter> head = tuned.layers().get("head").parameters();
    Tensor weight = head.get(0).value();
    float[] fresh = ops.read(weight);
    WeightImport.Report report;
    try (SafeTensors in = SafeTensors.open(file)) {
      report =
          new WeightImport(in.arrays())
              .leaveOut("head.")
              .pytorch("", "")
              .keep("head.")
              .into(ops, tuned);
    }
    assertThat(report.lines())
        .contains(
            "embedding.weight [7, 3] <- embedding.weight",
            "head.weight stays as it was",
            "head.bias of the file is left out");
    assertThat(ops.read(weight)).isEqualTo(fresh);
    List<Parameter> rest =
        tuned.parameters().stream().filter(p -> !p.name().startsWith("head.")).toList();
    List<Parameter> trainable =
        tuned.parameters().stream().filter(p -> p.name().startsWith("head.")).toList();
    List<float[]> before = rest.stream().map(p -> ops.read(p.value())).toList();
    train(
        tuned,
        new Groups(
            arena,
            List.of(
                Groups.Group.frozen(arena, rest),
                new Groups.Group(new Sgd(arena, trainable, Sgd.Settings.PLAIN), 1))));
    assertThat(rest.stream().map(p -> ops.read(p.value())).toList())
        .usingElementComparator(Arrays::compare)
        .isEqualTo(before);
    assertThat(ops.read(weight)).isNotEqualTo(fresh);
  }

  @Test
  void whatIsLeftOutOrKeptMustBeThere() {
    Dense dense = new Dense(new Initializer(arena, 1), 2, 1, false);
    WeightImport weights =
        new WeightImport(List.of(new NamedArray("dense.weight", new float[2], 1, 2)));
    assertThatThrownBy(() -> weights.leaveOut("head."))
        .hasMessageContaining("no array starts with 'head.'");
    WeightImport keeping = weights.pytorch("", "").keep("head.");
    assertThatThrownBy(() -> keeping.into(ops, Sequential.of("dense", dense)))
        .hasMessageContaining("nothing of the model starts with 'head.'");
  }
}
