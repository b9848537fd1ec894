// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.check.OpCase;
import dev.unroll.train.Digest;
import java.util.ArrayList;
import java.util.List;

/**
 * One operation of the case table.
 *
 * @param test the case
 * @param group kind of work
 * @param cold whether the operands come from memory: many sets of them take turns
 */
record OpBenchmark(OpCase test, Group group, boolean cold) implements Benchmark {
  /** More than the caches of one processor hold for a process. */
  private static final long ROTATED_BYTES = 192L << 20;

  private static final long SEED = 7;

  @Override
  public String name() {
    return shortName(test.name()) + (cold ? " cold" : "");
  }

  /** Without the settings that all have; the layouts only of products: N as it is, T transposed. */
  private static String shortName(String name) {
    int gap = name.lastIndexOf(' ');
    String layouts = name.substring(gap + 1);
    String product = layouts.startsWith("t/") ? " TN" : layouts.startsWith("dense/t/") ? " NT" : "";
    return name.substring(0, gap).replace(" beta=0.0", "").replace(" logits mean smoothing=0.0", "")
        + product;
  }

  @Override
  public Work work() {
    boolean counts = group == Group.PRODUCTS || group == Group.SEQUENCES;
    return new Work(counts ? test.flops() : 0, test.bytes());
  }

  @Override
  public Prepared prepare(Ops ops, Arena arena) {
    List<OpCase.Run> sets = new ArrayList<>();
    for (int i = 0; i < sets(); i++) {
      sets.add(test.prepare(ops, arena, SEED));
    }
    return new Sets(sets);
  }

  private int sets() {
    return cold ? (int) (ROTATED_BYTES / test.bytes()) + 1 : 1;
  }

  private static final class Sets implements Prepared {
    private final List<OpCase.Run> sets;
    private int next;

    Sets(List<OpCase.Run> sets) {
      this.sets = sets;
    }

    @Override
    public void launch() {
      sets.get(next).launch();
      next = (next + 1) % sets.size();
    }

    @Override
    public String digest() {
      sets.get(0).launch();
      Digest digest = new Digest();
      for (float[] result : sets.get(0).results()) {
        digest.add(result);
      }
      return digest.hex();
    }
  }
}
