// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Indices;
import dev.unroll.nn.Recurrent.Shape;
import org.junit.jupiter.api.Test;

class ModelTextTest extends DeviceTest {
  @Test
  void summaryCountsParameters() {
    assertThat(ModelText.summary(model()).lines())
        .containsExactly(
            "embedding      Embedding                  50  weight [10, 5]",
            "lstm           Lstm                      176  weight_ih_l0 [16, 5], weight_hh_l0"
                + " [16, 4], bias_ih_l0 [16], bias_hh_l0 [16]",
            "last-step      LastStep                    0",
            "dense          Dense                      15  weight [3, 4], bias [3]",
            "241 parameters, 964 bytes; with gradients and the two moments of Adam 3,856 bytes");
    assertThat(ModelText.count(model())).isEqualTo(241);
  }

  @Test
  void mermaid() {
    assertThat(ModelText.mermaid(model()))
        .isEqualTo(
            "flowchart LR\n"
                + "  input([input]) --> layer_embedding[\"embedding<br/>Embedding<br/>50\"]"
                + " --> layer_lstm[\"lstm<br/>Lstm<br/>176\"]"
                + " --> layer_last_step[\"last-step<br/>LastStep\"]"
                + " --> layer_dense[\"dense<br/>Dense<br/>15\"] --> output([output])\n");
  }

  @Test
  void dot() {
    assertThat(ModelText.dot(model()))
        .startsWith("digraph model {\n")
        .contains("  layer_lstm [shape=box, label=\"lstm\\nLstm\\n176\"];\n")
        .endsWith(
            "  input -> layer_embedding -> layer_lstm -> layer_last_step -> layer_dense ->"
                + " output;\n"
                + "}\n");
  }

  private Sequential<Indices> model() {
    Initializer init = new Initializer(arena, 1);
    return Sequential.of("embedding", new Embedding(init, 10, 5))
        .then("lstm", new Lstm(init, new Shape(5, 4)))
        .then("last-step", new LastStep())
        .then("dense", new Dense(init, 4, 3));
  }
}
