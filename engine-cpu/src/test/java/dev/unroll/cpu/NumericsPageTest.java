// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.FusedOperations;
import dev.unroll.Operations;
import dev.unroll.Unary;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/numerics.md defines every operation, and defines none twice. */
class NumericsPageTest {
  private static final Pattern LINE = Pattern.compile("^- `(\\w+)`: \\S", Pattern.MULTILINE);

  @Test
  void everyOperationAndFunctionHasOneLine() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "numerics.md"));
    String definitions = page.substring(0, page.indexOf("\n## Functions"));
    List<String> defined = LINE.matcher(definitions).results().map(m -> m.group(1)).toList();
    assertThat(defined).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(names());
  }

  private static Set<String> names() {
    Set<String> names = new TreeSet<>();
    addMethods(names, Operations.class);
    addMethods(names, FusedOperations.class);
    addConstants(names, Arithmetic.values());
    addConstants(names, Unary.Kind.values());
    addConstants(names, Activation.Kind.values());
    addConstants(names, ElementLoss.Kind.values());
    return names;
  }

  private static void addMethods(Set<String> names, Class<?> type) {
    for (Method method : type.getDeclaredMethods()) {
      if (!method.isSynthetic()) {
        names.add(method.getName());
      }
    }
  }

  private static void addConstants(Set<String> names, Enum<?>... constants) {
    for (Enum<?> constant : constants) {
      names.add(constant.name());
    }
  }
}
