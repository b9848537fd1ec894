// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A model for people to read: a table of its layers, or a diagram. */
public final class ModelText {
  private ModelText() {}

  /**
   * One line for each layer with its parameters, then their number and memory.
   *
   * @param model the model
   * @return lines of text
   */
  public static String summary(Sequential<?> model) {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Layer<?>> e : model.layers().entrySet()) {
      List<String> shapes = new ArrayList<>();
      for (Parameter p : e.getValue().parameters()) {
        shapes.add(p.name() + " " + Arrays.toString(p.shape()));
      }
      text.append(
          String.format(
                  Locale.ROOT,
                  "%-14s %-16s %,12d  %s",
                  e.getKey(),
                  e.getValue().getClass().getSimpleName(),
                  count(e.getValue()),
                  String.join(", ", shapes))
              .stripTrailing());
      text.append('\n');
    }
    long all = count(model);
    return text
        + String.format(
            Locale.ROOT,
            "%,d parameters, %,d bytes; with gradients and the two moments of Adam %,d bytes%n",
            all,
            Float.BYTES * all,
            4 * Float.BYTES * all);
  }

  /**
   * The number of trained numbers.
   *
   * @param model the model
   * @return elements of all its parameters
   */
  public static long count(Layer<?> model) {
    return model.parameters().stream().mapToLong(p -> p.value().size()).sum();
  }

  /**
   * A flow chart in the language of Mermaid.
   *
   * @param model the model
   * @return text that GitHub and others draw
   */
  public static String mermaid(Sequential<?> model) {
    StringBuilder text = new StringBuilder("flowchart LR\n  input([input])");
    model
        .layers()
        .forEach(
            (name, layer) ->
                text.append(" --> ")
                    .append(id(name))
                    .append(label(name, layer, "[\"", "<br/>", "\"]")));
    return text.append(" --> output([output])\n").toString();
  }

  /**
   * A graph in the language of Graphviz.
   *
   * @param model the model
   * @return text for the program dot
   */
  public static String dot(Sequential<?> model) {
    StringBuilder nodes = new StringBuilder();
    StringBuilder path = new StringBuilder("  input");
    model
        .layers()
        .forEach(
            (name, layer) -> {
              String node =
                  "  " + id(name) + label(name, layer, " [shape=box, label=\"", "\\n", "\"]");
              nodes.append(node).append(";\n");
              path.append(" -> ").append(id(name));
            });
    return "digraph model {\n  rankdir=LR;\n" + nodes + path + " -> output;\n}\n";
  }

  private static String label(
      String name, Layer<?> layer, String open, String newLine, String close) {
    long parameters = count(layer);
    String size = parameters == 0 ? "" : String.format(Locale.ROOT, "%s%,d", newLine, parameters);
    String kind = layer.getClass().getSimpleName();
    return open + name.replace("\"", "'") + newLine + kind + size + close;
  }

  /** A name that both languages take. */
  private static String id(String name) {
    return "layer_" + name.replaceAll("[^A-Za-z0-9]", "_");
  }
}
