// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Arena;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import dev.unroll.train.Adam;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Rmsprop;
import dev.unroll.train.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Some steps of an optimiser with given gradients. */
final class OptimizerGolden {
  private OptimizerGolden() {}

  /** An optimiser from its type and attributes. */
  static Optimizer make(
      Arena arena, List<Parameter> parameters, String type, Map<String, Object> attributes) {
    Settings s = new Settings(attributes);
    return switch (type) {
      case "sgd" ->
          new Sgd(
              arena,
              parameters,
              new Sgd.Settings(
                  s.number("momentum"),
                  s.number("dampening"),
                  s.number("weight_decay"),
                  s.flag("nesterov")));
      case "adam", "adamw" ->
          new Adam(
              arena,
              parameters,
              new Adam.Settings(
                  s.number("beta1"),
                  s.number("beta2"),
                  s.number("eps"),
                  s.number("weight_decay"),
                  type.equals("adamw"),
                  s.flag("amsgrad")));
      case "rmsprop" ->
          new Rmsprop(
              arena,
              parameters,
              new Rmsprop.Settings(
                  s.number("alpha"),
                  s.number("eps"),
                  s.number("weight_decay"),
                  s.number("momentum"),
                  s.flag("centered")));
      default -> throw new IllegalArgumentException("unknown optimizer '" + type + "'");
    };
  }

  static double learningRate(Map<String, Object> attributes) {
    return new Settings(attributes).number("lr");
  }

  /** Attributes by name; those absent are 0 and false. */
  private record Settings(Map<String, Object> attributes) {
    double number(String name) {
      return ((Number) attributes.getOrDefault(name, 0.0)).doubleValue();
    }

    boolean flag(String name) {
      return Boolean.TRUE.equals(attributes.get(name));
    }
  }

  static void run(GoldenFile golden, Sheet sheet) {
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 0; golden.has("in.params." + i); i++) {
      Tensor value = golden.tensor(sheet.arena, "in.params." + i);
      parameters.add(new Parameter(String.valueOf(i), value, sheet.like(value)));
    }
    Map<String, Object> attributes = golden.attributes();
    Optimizer optimizer = make(sheet.arena, parameters, golden.text("op"), attributes);
    optimizer.resume((long) golden.attribute("initial_step", 0));
    optimizer
        .state()
        .forEach(
            (name, t) -> {
              if (golden.has("in.state." + name)) {
                sheet.ops.write(golden.floats("in.state." + name), t);
              }
            });
    steps(golden, sheet, optimizer, learningRate(attributes));
    optimizer.state().forEach((name, t) -> sheet.put("out.state." + name, t));
  }

  private static void steps(
      GoldenFile golden, Sheet sheet, Optimizer optimizer, double learningRate) {
    List<float[]> gradients = new ArrayList<>();
    List<float[]> values = new ArrayList<>();
    for (Parameter p : optimizer.parameters()) {
      gradients.add(golden.floats("in.grads." + p.name()));
      values.add(new float[gradients.get(gradients.size() - 1).length]);
    }
    int count = golden.shape("in.grads.0")[0];
    for (int s = 0; s < count; s++) {
      for (Parameter p : optimizer.parameters()) {
        int size = p.value().size();
        float[] all = gradients.get(Integer.parseInt(p.name()));
        sheet.ops.write(Arrays.copyOfRange(all, s * size, (s + 1) * size), p.grad());
      }
      optimizer.step(learningRate, null);
      for (Parameter p : optimizer.parameters()) {
        float[] value = sheet.ops.read(p.value());
        float[] all = values.get(Integer.parseInt(p.name()));
        System.arraycopy(value, 0, all, s * value.length, value.length);
      }
    }
    for (Parameter p : optimizer.parameters()) {
      float[] all = values.get(Integer.parseInt(p.name()));
      sheet.put("out.params." + p.name(), all, golden.shape("in.grads." + p.name()));
    }
  }
}
