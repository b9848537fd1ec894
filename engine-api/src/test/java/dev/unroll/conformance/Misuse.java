// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.check.OpCase;
import java.util.concurrent.atomic.AtomicReference;

/** Calls at the wrong time, in the wrong place or on the wrong handle. */
final class Misuse {
  private Misuse() {}

  static void freed(Ops ops, OpCase test) {
    OpCase.Run run;
    try (Arena arena = ops.arena("step 7")) {
      run = test.prepare(ops, arena, 1);
    }
    assertThatThrownBy(run::launch)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(test.op() + ": ")
        .hasMessageContaining("was freed when arena 'step 7' closed");
  }

  static void otherThread(Ops ops, OpCase test) throws InterruptedException {
    try (Arena arena = ops.arena("step")) {
      OpCase.Run run = test.prepare(ops, arena, 1);
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread thread = new Thread(run::launch, "intruder");
      thread.setUncaughtExceptionHandler((t, e) -> thrown.set(e));
      thread.start();
      thread.join();
      assertThat(thrown.get())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith(test.op() + ": ")
          .hasMessageContaining("'" + Thread.currentThread().getName() + "'")
          .hasMessageContaining("'intruder'");
    }
  }

  static void closed(Ops ops, OpCase test) {
    Arena arena = ops.arena("step");
    OpCase.Run run = test.prepare(ops, arena, 1);
    arena.close();
    ops.close();
    assertThatThrownBy(run::launch)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(test.op() + ": ")
        .hasMessageContaining("is closed");
    assertThatThrownBy(() -> ops.arena("late"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is closed");
    ops.close();
  }

  static void openArenas(Ops ops) {
    Arena arena = ops.arena("forgotten");
    arena.tensor(2, 3);
    assertThatThrownBy(ops::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'forgotten'");
    assertThat(ops.memory().liveBuffers()).isZero();
  }

  static void otherHandle(Ops ops, Ops other) {
    try (Arena here = ops.arena("here");
        Arena there = other.arena("there")) {
      Tensor mine = here.tensor(2, 3);
      Tensor theirs = there.tensor(2, 3);
      assertThatThrownBy(() -> ops.copy(theirs, mine))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("copy: ")
          .hasMessageContaining("lives on " + other.name());
    }
  }
}
