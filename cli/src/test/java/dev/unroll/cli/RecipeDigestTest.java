// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.cuda.EmulatedDriver;
import dev.unroll.train.Trainer;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Training steps of each recipe, at the full size of its network, have one digest everywhere. */
class RecipeDigestTest {
  private static final String EMULATED = "cuda-emulated";
  private static final int STEPS = 20;

  /** What the scalar backend gave, for each run. */
  private static final Map<String, String> EXPECTED = new HashMap<>();

  private static Stream<Arguments> smallBatches() {
    return onEach("cpu", "opencl", EMULATED);
  }

  private static Stream<Arguments> fullBatches() {
    return onEach("cpu", "opencl");
  }

  private static Stream<Arguments> onEach(String... backends) {
    return Recipes.ALL.stream()
        .flatMap(recipe -> Stream.of(backends).map(b -> Arguments.of(recipe.name(), b)));
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("smallBatches")
  void smallBatchesHaveOneDigest(String recipe, String backend) throws IOException {
    requireDevice(backend);
    // Of the largest network the emulated device takes seconds for each step.
    boolean few = recipe.equals("word-lm") && backend.equals(EMULATED);
    requireSameDigest(recipe, backend, few ? 3 : STEPS, List.of("--batch", "2", "--seq", "8"));
  }

  @Tag("long")
  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("fullBatches")
  void fullBatchesHaveOneDigest(String recipe, String backend) throws IOException {
    requireDevice(backend);
    requireSameDigest(recipe, backend, STEPS, List.of());
  }

  private static void requireDevice(String backend) throws IOException {
    if (backend.equals(EMULATED)) {
      EmulatedDriver.load();
      // Each access of the same kernels is checked in engine-cuda's own tests.
      EmulatedDriver.configure("checks=off");
    }
    Needed.backend(backend);
  }

  private static void requireSameDigest(
      String recipe, String backend, int steps, List<String> options) throws IOException {
    String run = recipe + " " + steps + " " + options;
    String expected = EXPECTED.get(run);
    if (expected == null) {
      expected = digest(recipe, "cpu-scalar", steps, options);
      EXPECTED.put(run, expected);
    }
    assertThat(digest(recipe, backend, steps, options)).as(run).isEqualTo(expected);
  }

  private static String digest(String name, String backend, int steps, List<String> options)
      throws IOException {
    Recipe recipe = Recipes.byName(name);
    TrainOptions given = new TrainOptions();
    new picocli.CommandLine(given).parseArgs(options.toArray(String[]::new));
    Corpus corpus = Corpus.load(Corpus.BUILT_IN, recipe.resource());
    TrainSettings settings = given.over(recipe.defaults()).with(corpus);
    try (Ops ops = Backends.open(backend);
        Arena model = ops.arena("model")) {
      Session session = recipe.opener().open(model, settings, corpus);
      Trainer trainer = TrainRun.trainer(session);
      trainer.run(steps, () -> false);
      return TrainRun.digest(session, trainer);
    }
  }
}
