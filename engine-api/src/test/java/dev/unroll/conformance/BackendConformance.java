// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.FusedOperations;
import dev.unroll.Operations;
import dev.unroll.Ops;
import dev.unroll.check.Differences;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/**
 * What every backend must do. A backend's own test extends this and says how it is opened:
 *
 * <pre>{@code
 * class MyConformanceTest extends BackendConformance {
 *   @Override
 *   protected BackendProvider provider() {
 *     return new MyProvider();
 *   }
 * }
 * }</pre>
 *
 * <p>Where there is no device the tests are skipped with the provider's reason; if the environment
 * variable {@code UNROLL_REQUIRE} lists the provider's name they fail instead. After each test no
 * memory may be in use.
 */
public abstract class BackendConformance {
  private static final String REFERENCE = "cpu-scalar";

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
  final Stream<DynamicTest> agreesWithTheOracle() {
    return OpCases.all().stream()
        .map(c -> test(c.name(), () -> requireNone(Parity.againstOracle(ops, c))));
  }

  @TestFactory
  final Stream<DynamicTest> givesTheBitsOfTheReference() {
    if (!hasReference()) {
      return Stream.of();
    }
    Ops reference = Backends.open(REFERENCE);
    Stream<DynamicTest> tests =
        OpCases.all().stream()
            .map(
                c ->
                    test(
                        c.name(),
                        () -> assertThat(Parity.compare(ops, reference, c).problems()).isEmpty()));
    return Stream.concat(tests, Stream.of(dynamicTest("reference closes", reference::close)));
  }

  /** Whether there is a reference, and it is not this backend. */
  private boolean hasReference() {
    boolean known = Backends.providers().stream().anyMatch(p -> p.name().equals(REFERENCE));
    return known && !provider().name().equals(REFERENCE);
  }

  @Test
  final void anActivationOfTheUsersGivesTheBitsOfTheReference() {
    float[][] actual = HardSwish.run(ops);
    assertThat(actual[0]).hasSize(8).contains(Float.NaN);
    if (hasReference()) {
      try (Ops reference = Backends.open(REFERENCE)) {
        float[][] expected = HardSwish.run(reference);
        for (int i = 0; i < expected.length; i++) {
          assertThat(bits(actual[i])).isEqualTo(bits(expected[i]));
        }
      }
    }
  }

  private static int[] bits(float... values) {
    return IntStream.range(0, values.length).map(i -> Float.floatToIntBits(values[i])).toArray();
  }

  @TestFactory
  final Stream<DynamicTest> fusedGivesTheBitsOfComposed() {
    return OpCases.all().stream()
        .filter(c -> fused().contains(c.op()))
        .map(c -> test(c.name(), () -> requireNone(Parity.fusedAgainstComposed(ops, c))));
  }

  @TestFactory
  final Stream<DynamicTest> refusesMistakes() {
    return Mistakes.all().stream().map(m -> test(m.name(), () -> m.check(ops)));
  }

  @TestFactory
  final Stream<DynamicTest> refusesFreedTensorsAndOtherThreads() {
    return onePerOperation().stream()
        .flatMap(
            c ->
                Stream.of(
                    test(c.op() + " of freed tensors", () -> Misuse.freed(ops, c)),
                    test(c.op() + " on another thread", () -> Misuse.otherThread(ops, c))));
  }

  @Test
  final void refusesWorkWhenClosed() {
    Ops own = Device.open(provider());
    Misuse.closed(own, onePerOperation().get(0));
  }

  @Test
  final void closingWithOpenArenasNamesThem() {
    Misuse.openArenas(Device.open(provider()));
  }

  @Test
  final void handlesOfTheSameBackendAreApart() {
    try (Ops other = Device.open(provider())) {
      Misuse.otherHandle(ops, other);
    }
  }

  /** A test after which nothing may be in use. */
  private DynamicTest test(String name, Executable body) {
    return dynamicTest(
        name,
        () -> {
          body.execute();
          assertThat(ops.memory().liveBuffers()).as("buffers in use afterwards").isZero();
        });
  }

  private static void requireNone(Differences differences) {
    assertThat(differences.none()).as(differences.toString()).isTrue();
  }

  private static Set<String> fused() {
    Set<String> primitive =
        Arrays.stream(Operations.class.getMethods())
            .map(m -> m.getName())
            .collect(Collectors.toSet());
    Set<String> fused = new TreeSet<>();
    for (var method : FusedOperations.class.getMethods()) {
      if (!primitive.contains(method.getName())) {
        fused.add(method.getName());
      }
    }
    return fused;
  }

  /** Of each operation the last case, so that it has work to do. */
  private static List<OpCase> onePerOperation() {
    return List.copyOf(
        OpCases.all().stream().collect(Collectors.toMap(OpCase::op, c -> c, (a, b) -> b)).values());
  }
}
