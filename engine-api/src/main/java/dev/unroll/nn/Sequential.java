// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Named layers one after the other. Parameters and states carry the layer's name in front: {@code
 * lstm.weight_ih_l0}, {@code lstm.h}.
 *
 * @param <I> what goes into the first layer
 */
public final class Sequential<I> implements Layer<I> {
  private final String firstName;
  private final Layer<I> first;
  private final Map<String, Layer<Tensor>> rest;

  private Sequential(String firstName, Layer<I> first, Map<String, Layer<Tensor>> rest) {
    this.firstName = firstName;
    this.first = first;
    this.rest = rest;
  }

  /**
   * Starts with one layer.
   *
   * @param name its name, without a dot
   * @param first the layer
   * @param <I> what goes into it
   * @return a model of one layer
   */
  public static <I> Sequential<I> of(String name, Layer<I> first) {
    requireName(name);
    return new Sequential<>(name, first, Map.of());
  }

  /**
   * Adds a layer.
   *
   * @param name its name, without a dot, not used so far
   * @param next the layer
   * @return a new model, this one and the layer
   */
  public Sequential<I> then(String name, Layer<Tensor> next) {
    requireName(name);
    Map<String, Layer<Tensor>> longer = new LinkedHashMap<>(rest);
    if (name.equals(firstName) || longer.put(name, next) != null) {
      throw new IllegalArgumentException(
          "sequential: there is a layer '" + name + "' already; names must differ");
    }
    return new Sequential<>(firstName, first, longer);
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    layers().forEach((name, l) -> l.parameters().forEach(p -> all.add(p.prefixed(name + "."))));
    return all;
  }

  @Override
  public Output output() {
    Output last = Output.AS_INPUT;
    for (Layer<?> layer : layers().values()) {
      last = layer.output() == Output.AS_INPUT ? last : layer.output();
    }
    return last;
  }

  @Override
  public Map<String, Tensor> constants() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    layers().forEach((name, l) -> l.constants().forEach((n, t) -> all.put(name + "." + n, t)));
    return all;
  }

  @Override
  public State zeroState(Arena arena, int batch) {
    State all = State.NONE;
    for (Map.Entry<String, Layer<?>> layer : layers().entrySet()) {
      all = all.withAll(layer.getKey(), layer.getValue().zeroState(arena, batch));
    }
    return all;
  }

  /**
   * Runs all layers.
   *
   * @param pass where and over which steps
   * @param input what goes into the first layer
   * @param initial states by layer, such as {@code lstm.h}
   * @return the last layer's output and all final states
   */
  @Override
  public Trace forward(Pass pass, I input, State initial) {
    requireLayers(initial);
    Map<String, Trace> traces = new LinkedHashMap<>();
    Trace trace = first.forward(pass, input, initial.within(firstName));
    traces.put(firstName, trace);
    for (Map.Entry<String, Layer<Tensor>> next : rest.entrySet()) {
      State before = initial.within(next.getKey());
      trace = next.getValue().forward(pass, trace.output(), before);
      traces.put(next.getKey(), trace);
    }
    return new Chain(traces, trace.output());
  }

  /**
   * The layers.
   *
   * @return by name, in the order they run
   */
  public Map<String, Layer<?>> layers() {
    Map<String, Layer<?>> layers = new LinkedHashMap<>();
    layers.put(firstName, first);
    layers.putAll(rest);
    return layers;
  }

  private void requireLayers(State state) {
    for (String name : state.tensors().keySet()) {
      if (!layers().containsKey(name.substring(0, Math.max(0, name.indexOf('.'))))) {
        throw new IllegalArgumentException(
            "sequential: state '" + name + "' belongs to none of the layers " + layers().keySet());
      }
    }
  }

  private static void requireName(String name) {
    if (name.isEmpty() || name.indexOf('.') >= 0) {
      throw new IllegalArgumentException(
          "sequential: a layer's name must not be empty nor have a dot: '" + name + "'");
    }
  }

  private record Chain(Map<String, Trace> parts, Tensor output) implements Trace {
    @Override
    public State finalState() {
      State all = State.NONE;
      for (Map.Entry<String, Trace> trace : parts.entrySet()) {
        all = all.withAll(trace.getKey(), trace.getValue().finalState());
      }
      return all;
    }

    @Override
    public Gradients backward(Tensor dOutput, State dFinal) {
      return back(dOutput, dFinal, Trace::backward);
    }

    @Override
    public State backwardToParameters(Tensor dOutput, State dFinal) {
      return back(
              dOutput,
              dFinal,
              (first, dy, state) -> new Gradients(null, first.backwardToParameters(dy, state)))
          .initial();
    }

    /** How the first layer is run back. */
    private interface First {
      Gradients backward(Trace first, Tensor dOutput, State dFinal);
    }

    private Gradients back(Tensor dOutput, State dFinal, First first) {
      List<String> names = new ArrayList<>(parts.keySet());
      State dInitial = State.NONE;
      Tensor gradient = dOutput;
      for (int i = names.size() - 1; i >= 0; i--) {
        String name = names.get(i);
        Trace part = parts.get(name);
        State dState = dFinal.within(name);
        Gradients g =
            i > 0 ? part.backward(gradient, dState) : first.backward(part, gradient, dState);
        dInitial = dInitial.withAll(name, g.initial());
        gradient = g.input();
      }
      return new Gradients(gradient, dInitial);
    }
  }
}
