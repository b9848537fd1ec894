// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What has parameters: a layer, a chain of layers, or several networks together. */
public interface Model {
  /**
   * What is trained.
   *
   * @return parameters in a fixed order; each call gives the same tensors
   */
  List<Parameter> parameters();

  /**
   * What stands in a model file besides the parameters and must have the value it has.
   *
   * @return tensors by name, mostly none
   */
  default Map<String, Tensor> constants() {
    return Map.of();
  }

  /**
   * Several networks as one, for optimisers and files.
   *
   * @param parts networks by name, which goes before the names of their parameters; their order
   *     stays
   * @return all of them
   */
  static Model of(Map<String, ? extends Model> parts) {
    List<Parameter> parameters = new ArrayList<>();
    Map<String, Tensor> constants = new LinkedHashMap<>();
    parts.forEach(
        (name, part) -> {
          part.parameters().forEach(p -> parameters.add(p.prefixed(name + ".")));
          part.constants().forEach((n, t) -> constants.put(name + "." + n, t));
        });
    return new Model() {
      @Override
      public List<Parameter> parameters() {
        return List.copyOf(parameters);
      }

      @Override
      public Map<String, Tensor> constants() {
        return Map.copyOf(constants);
      }
    };
  }
}
