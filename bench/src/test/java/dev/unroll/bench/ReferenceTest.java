// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ReferenceTest {
  /** The digests to record after a change of the cases or of the numerics. */
  private static final Path COMPUTED = Path.of("target", "digests.txt");

  @Test
  void recordedDigestsAreThoseOfTheReference() {
    String[] small = {
      "matmul 1x256x1024",
      "matmul 32x128x512",
      "forward i RNN 128 V=1000 T=20 SGD B=1",
      "train i RNN 128 V=1000 T=20 SGD B=1"
    };
    for (String name : small) {
      String computed = Reference.computed(Cases.named(name));
      assertThat(Reference.recorded()).containsEntry(name, computed);
    }
  }

  @Test
  @Tag("long")
  void allOfThem() throws IOException {
    List<Benchmark> all = Cases.all();
    String computed =
        all.stream()
            .map(b -> Reference.computed(b) + " " + b.name() + "\n")
            .collect(Collectors.joining());
    Files.writeString(COMPUTED, computed);
    assertThat(computed.lines().toList())
        .as("src/main/resources/dev/unroll/bench/digests.txt; what it should be is in " + COMPUTED)
        .containsExactlyInAnyOrderElementsOf(
            Reference.recorded().entrySet().stream()
                .map(e -> e.getValue() + " " + e.getKey())
                .toList());
  }
}
