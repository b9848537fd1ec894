// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.unroll.Activation;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.check.LayerOracle.Cell;
import dev.unroll.nn.Bias;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/**
 * Recurrent layers on a backend against the double-precision oracle: outputs, final states, and the
 * gradients of inputs, initial states and all parameters, with gradients arriving at every output.
 * Every combination of settings against the reference and against one sequence at a time, bit for
 * bit. Extended by a backend's own test, as {@link BackendConformance}.
 */
public abstract class RecurrentConformance {
  private static final String REFERENCE = "cpu-scalar";
  private static final int[][] LENGTHS = {{4, 4, 4}, {2, 5, 0, 3}, {1}};

  private Ops ops;

  /**
   * The backend under test.
   *
   * @return its provider
   */
  protected abstract BackendProvider provider();

  @BeforeEach
  final void open() {
    ops = Device.open(provider());
  }

  @AfterEach
  final void close() {
    if (ops != null) {
      ops.close();
    }
  }

  @TestFactory
  final Stream<DynamicTest> layersAgreeWithTheOracle() {
    return networks().stream().map(network -> test(network.name(), () -> network.check(ops)));
  }

  @TestFactory
  final Stream<DynamicTest> stacksGiveTheBitsOfTheReference() {
    if (provider().name().equals(REFERENCE)) {
      return Stream.of();
    }
    Ops reference = Backends.open(REFERENCE);
    Stream<DynamicTest> tests =
        Stream.concat(Stack.grid().stream(), Stack.withOptions().stream())
            .map(stack -> test(stack.name(), () -> stack.compare(ops, reference)));
    return Stream.concat(tests, Stream.of(dynamicTest("reference closes", reference::close)));
  }

  @TestFactory
  final Stream<DynamicTest> batchesGiveTheBitsOfSingleSequences() {
    return Stream.concat(Stack.grid().stream(), Stack.withOptions().stream())
        .filter(stack -> !stack.drops())
        .map(stack -> test(stack.name(), () -> stack.compareOneByOne(ops)));
  }

  @Test
  final void recordedStepsGiveTheBitsOfPlainOnes() {
    RecordedTraining.check(ops);
    assertThat(ops.memory().liveBuffers()).isZero();
  }

  private DynamicTest test(String name, Executable body) {
    return dynamicTest(
        name,
        () -> {
          body.execute();
          assertThat(ops.memory().liveBuffers()).isZero();
        });
  }

  private static List<Network> networks() {
    List<Network> networks = new ArrayList<>();
    for (Cell cell : Cell.values()) {
      for (int layers = 1; layers <= 3; layers++) {
        for (Bias bias : Bias.values()) {
          for (int[] lengths : LENGTHS) {
            for (boolean states : new boolean[] {true, false}) {
              networks.add(new Network(cell, Activation.TANH, layers, bias, 3, 5, states, lengths));
            }
          }
        }
      }
    }
    Activation[] activations = {
      Activation.RELU, Activation.SIGMOID, Activation.elu(0.7f), Activation.GELU_ERF
    };
    for (Activation f : activations) {
      networks.add(new Network(Cell.RNN, f, 2, Bias.PYTORCH, 4, 7, true, 3, 6, 2));
    }
    for (Cell cell : Cell.values()) {
      networks.add(
          new Network(cell, Activation.TANH, 2, Bias.PYTORCH, 33, 17, true, 3, 5, 5, 1, 0, 2));
    }
    return networks;
  }
}
