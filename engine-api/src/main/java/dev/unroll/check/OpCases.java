// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.FusedOperations;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The one table of cases: what conformance tests, {@code unroll parity} and benchmarks run. It has
 * cases for every method of {@link FusedOperations}, at sizes around vector widths, tiles and
 * chunks, in every memory layout.
 */
public final class OpCases {
  private OpCases() {}

  /**
   * The table.
   *
   * @return all cases, each name once
   */
  public static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    cases.addAll(ElementCases.all());
    cases.addAll(RowCases.all());
    cases.addAll(MatmulCases.all());
    cases.addAll(ClassCases.all());
    cases.addAll(OptimizerCases.all());
    cases.addAll(CellCases.all());
    cases.addAll(SequenceCases.all());
    Set<String> names = new HashSet<>();
    return cases.stream().filter(c -> names.add(c.name())).toList();
  }

  /**
   * Operations for which the table has no case.
   *
   * @return names of methods of {@link FusedOperations}; empty unless one was forgotten
   */
  public static Set<String> missing() {
    Set<String> missing = new TreeSet<>();
    for (Method method : FusedOperations.class.getMethods()) {
      missing.add(method.getName());
    }
    all().forEach(c -> missing.remove(c.op()));
    return missing;
  }
}
