// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.io.Json;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Clipping;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Whole training runs. */
final class TrajectoryGolden {
  private final GoldenFile golden;
  private final Sheet sheet;
  private final ModelGolden description;
  private final boolean sequences;
  private final int batch;
  private final int count;
  private final int steps;
  private final int[] lengths;

  private TrajectoryGolden(GoldenFile golden, Sheet sheet) throws IOException {
    this.golden = golden;
    this.sheet = sheet;
    List<Map<String, Object>> layers = json("model");
    this.description = new ModelGolden(new Initializer(sheet.arena, 0), layers);
    this.sequences = description.has("rnn", "lstm", "gru");
    int[] shape = golden.shape("in.x");
    this.batch = shape[1];
    this.count = sequences ? shape[2] : 1;
    this.steps = (int) golden.number("steps");
    int[] equal = new int[steps * batch];
    Arrays.fill(equal, count);
    this.lengths = golden.has("in.lengths") ? golden.ints("in.lengths") : equal;
  }

  static void run(GoldenFile golden, Sheet sheet) throws IOException {
    TrajectoryGolden run = new TrajectoryGolden(golden, sheet);
    if (golden.isInteger("in.x")) {
      int[] ids = golden.ints("in.x");
      run.train(
          run.description.onIndices(),
          (arena, ragged, s) -> {
            int[] x = run.slice(ids, s);
            return arena.indices(ragged == null ? x : ragged.pack(x, Ragged.Layout.BATCH_FIRST));
          });
    } else {
      float[] x = golden.floats("in.x");
      run.train(
          run.description.onTensor(),
          (arena, ragged, s) -> run.floats(arena, ragged, run.slice(x, s)));
    }
  }

  /** The input of a step. */
  @FunctionalInterface
  private interface Input<I> {
    I of(Arena arena, Ragged ragged, int step);
  }

  @SuppressWarnings("unchecked") // a JSON tree whose shape the format fixes
  private <T> T json(String key) throws IOException {
    return (T) Json.parse(golden.text(key), Path.of(golden.text("case")));
  }

  private <I> void train(Sequential<I> model, Input<I> input) throws IOException {
    List<Parameter> parameters = model.parameters();
    for (Parameter p : parameters) {
      sheet.ops.write(golden.floats("param." + p.name()), p.value());
    }
    Map<String, Object> settings = json("optimizer");
    String type = (String) settings.get("type");
    Optimizer optimizer = OptimizerGolden.make(sheet.arena, parameters, type, settings);
    double rate = OptimizerGolden.learningRate(settings);
    boolean carry = golden.text("state").equals("carry");
    State carried = carry ? model.zeroState(sheet.arena, batch) : State.NONE;
    Target target = target();
    float[] norms = new float[steps];
    Trainer trainer =
        new Trainer(
            sheet.ops,
            optimizer,
            clipping(),
            s -> rate,
            (arena, number) -> step(model, input, target, carried, arena, (int) number - 1));
    trainer.addListener(s -> norms[(int) s.number() - 1] = s.gradNorm());
    trainer.run(steps, () -> false);
    sheet.put("out.losses", trainer.losses(), steps);
    sheet.put("out.grad_norms", norms, steps);
    parameters.forEach(p -> sheet.put("final." + p.name(), p.value()));
  }

  private Clipping clipping() throws IOException {
    if (golden.text("clip").equals("none")) {
      return Clipping.NONE;
    }
    Map<String, Object> clip = json("clip");
    return clip.get("type").equals("norm")
        ? Clipping.byNorm(((Number) clip.get("max_norm")).floatValue())
        : Clipping.byValue(((Number) clip.get("clip_value")).floatValue());
  }

  private <I> Tensor step(
      Sequential<I> model, Input<I> input, Target target, State carried, Arena arena, int s) {
    Ragged ragged = ragged(s);
    Pass pass = ragged == null ? Pass.of(arena, Steps.uniform(1, batch)) : Pass.of(arena, ragged);
    Trace trace = model.forward(pass, input.of(arena, ragged, s), carried);
    Losses.Loss result = target.loss(arena, ragged, trace.output(), s);
    trace.backward(result.gradient(), State.NONE);
    if (carried != State.NONE) {
      trace.finalState().copyTo(sheet.ops, carried);
    }
    if (s == 0) {
      model.parameters().forEach(p -> sheet.put("grad." + p.name(), p.grad()));
    }
    return result.value();
  }

  private Ragged ragged(int s) {
    return sequences ? Ragged.of(slice(lengths, s)) : null;
  }

  /** The loss of a step. */
  @FunctionalInterface
  private interface Target {
    Losses.Loss loss(Arena arena, Ragged ragged, Tensor output, int step);
  }

  private Target target() throws IOException {
    Map<String, Object> loss = json("loss");
    String type = (String) loss.get("type");
    Reduction reduction = ClassGolden.reduction((String) loss.get("reduction"));
    if (golden.isInteger("in.target")) {
      int[] all = golden.ints("in.target");
      CrossEntropy.Input input =
          type.equals("nll_loss")
              ? CrossEntropy.Input.LOG_PROBABILITIES
              : CrossEntropy.Input.LOGITS;
      CrossEntropy spec = new CrossEntropy(input, reduction, CrossEntropy.IGNORE_DEFAULT, 0);
      return (arena, ragged, output, s) -> {
        Indices targets = arena.indices(ordered(slice(all, s), ragged));
        return Losses.crossEntropy(arena, spec, output, targets, null);
      };
    }
    float[] all = golden.floats("in.target");
    ElementLoss element = LossGolden.loss(type);
    return (arena, ragged, output, s) -> {
      Tensor targets = arena.tensor(slice(all, s), output.rows(), output.cols());
      return Losses.elementwise(arena, element, reduction, output, ordered(arena, targets, ragged));
    };
  }

  /** Targets in the order of the model's output rows. */
  private int[] ordered(int[] targets, Ragged ragged) {
    if (ragged == null) {
      return targets;
    }
    return description.has("last_step")
        ? Arrays.stream(ragged.order()).map(b -> targets[b]).toArray()
        : ragged.pack(targets, Ragged.Layout.BATCH_FIRST);
  }

  private Tensor ordered(Arena arena, Tensor targets, Ragged ragged) {
    if (ragged == null) {
      return targets;
    }
    return description.has("last_step")
        ? ragged.toPacked(arena, targets)
        : ragged.pack(arena, targets, Ragged.Layout.BATCH_FIRST);
  }

  private Tensor floats(Arena arena, Ragged ragged, float... values) {
    int[] shape = golden.shape("in.x");
    int cols = shape[shape.length - 1];
    Tensor x = arena.tensor(values, values.length / cols, cols);
    return ragged == null ? x : ragged.pack(arena, x, Ragged.Layout.BATCH_FIRST);
  }

  private int[] slice(int[] all, int s) {
    int size = all.length / steps;
    return Arrays.copyOfRange(all, s * size, (s + 1) * size);
  }

  private float[] slice(float[] all, int s) {
    int size = all.length / steps;
    return Arrays.copyOfRange(all, s * size, (s + 1) * size);
  }
}
