// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.BackendException;
import dev.unroll.kernels.Grid;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sequences become graphs when they come again, and a graph does exactly what was asked. */
class SubmissionTest {
  private static final Grid GRID = new Grid(2, 3, 32, 4);

  private final Recorder driver = new Recorder();
  private final Submission submission = new Submission(driver);

  /** Writes down what it is asked to do; a graph is the list of what it holds. */
  private static final class Recorder implements Submission.Driver {
    final List<String> done = new ArrayList<>();
    final List<Object> released = new ArrayList<>();
    int asked;
    int captures;
    boolean refusesGraphs;
    int failsAt = -1;
    private List<String> target = done;

    @Override
    public void launch(int kernel, Grid grid, long[] words, int at, int arguments) {
      if (kernel == failsAt) {
        throw new BackendException("kernel " + kernel);
      }
      StringBuilder text = new StringBuilder("launch " + kernel + " " + grid);
      for (int i = 0; i < arguments; i++) {
        text.append(' ').append(words[at + i]);
      }
      add(text.toString());
    }

    @Override
    public void copy(int from, int bytes, long to) {
      add("copy " + from + " " + bytes + " " + to);
    }

    private void add(String command) {
      target.add(command);
      asked += target == done ? 1 : 0;
    }

    @Override
    public Object capture(Runnable body) {
      if (refusesGraphs) {
        return null;
      }
      captures++;
      List<String> graph = new ArrayList<>();
      target = graph;
      body.run();
      target = done;
      return graph;
    }

    @Override
    public void launch(Object graph) {
      for (Object command : (List<?>) graph) {
        done.add((String) command);
      }
      asked++;
    }

    @Override
    public void release(Object graph) {
      released.add(graph);
    }
  }

  private void step(long value) {
    submission.copy(0, 64, 4096);
    for (int kernel = 0; kernel < 5; kernel++) {
      submission.launch(kernel, GRID, new long[] {value, kernel, -1L}, 2);
    }
  }

  private List<String> steps(int count, long value) {
    driver.done.clear();
    driver.asked = 0;
    for (int i = 0; i < count; i++) {
      step(value);
      submission.finish();
    }
    return List.copyOf(driver.done);
  }

  @Test
  void firstTimeEveryCommandGoesToTheDriverAtOnce() {
    step(7);
    assertThat(driver.done)
        .startsWith("copy 0 64 4096", "launch 0 " + GRID + " 7 0", "launch 1 " + GRID + " 7 1")
        .hasSize(6);
  }

  @Test
  void steadyStateIsOneGraphForEachStep() {
    List<String> once = steps(1, 7);
    steps(1, 7);
    assertThat(driver.captures).isEqualTo(1);
    List<String> again = steps(10, 7);
    assertThat(driver.asked).isEqualTo(10);
    assertThat(submission.replays()).isEqualTo(10);
    assertThat(again.subList(0, 6)).isEqualTo(once);
    assertThat(again).hasSize(60);
  }

  @Test
  void commandsOfAKnownSequenceAreHeldBack() {
    steps(2, 7);
    driver.done.clear();
    step(7);
    assertThat(driver.done).isEmpty();
    submission.finish();
    assertThat(driver.done).hasSize(6);
  }

  @Test
  void otherArgumentsRunAsAskedAndNotAsTheGraph() {
    steps(3, 7);
    List<String> other = steps(1, 8);
    assertThat(other).contains("launch 4 " + GRID + " 8 4").hasSize(6);
    assertThat(submission.replays()).isEqualTo(1);
  }

  @Test
  void endThatDiffersIsNotLost() {
    steps(3, 7);
    driver.done.clear();
    step(7);
    submission.launch(9, GRID, new long[0], 0);
    submission.finish();
    assertThat(driver.done).hasSize(7).endsWith("launch 9 " + GRID);
  }

  @Test
  void beginningOfAKnownSequenceRunsWithoutTheRest() {
    steps(3, 7);
    driver.done.clear();
    submission.copy(0, 64, 4096);
    submission.launch(0, GRID, new long[] {7, 0}, 2);
    submission.finish();
    assertThat(driver.done).containsExactly("copy 0 64 4096", "launch 0 " + GRID + " 7 0");
  }

  @Test
  void oneOfSeveralGraphsIsChosenByContent() {
    steps(3, 7);
    steps(3, 8);
    assertThat(steps(1, 7)).contains("launch 4 " + GRID + " 7 4").hasSize(6);
    assertThat(driver.asked).isEqualTo(1);
    assertThat(steps(1, 8)).contains("launch 4 " + GRID + " 8 4").hasSize(6);
    assertThat(driver.asked).isEqualTo(1);
  }

  @Test
  void graphsAreBoundedAndTheOneUnusedLongestGoes() {
    for (int value = 0; value < 16; value++) {
      steps(2, value);
    }
    steps(1, 0);
    steps(2, 100);
    assertThat(submission.graphs()).isEqualTo(16);
    assertThat(driver.released).hasSize(1);
    assertThat(driver.released.get(0).toString()).contains("launch 0 " + GRID + " 1 0");
  }

  @Test
  void sequencesThatNeverRepeatAreNotKept() {
    for (int value = 0; value < 1000; value++) {
      steps(1, value);
    }
    assertThat(driver.captures).isZero();
    assertThat(submission.graphs()).isZero();
  }

  @Test
  void veryLongSequencesAreCut() {
    for (int i = 0; i < 20_000; i++) {
      submission.launch(i % 7, GRID, new long[] {i}, 1);
    }
    submission.finish();
    assertThat(driver.done).hasSize(20_000);
    for (int i = 0; i < 20_000; i++) {
      submission.launch(i % 7, GRID, new long[] {i}, 1);
    }
    submission.finish();
    assertThat(submission.graphs()).isEqualTo(2);
  }

  @Test
  void withoutGraphsEverythingIsLaunched() {
    driver.refusesGraphs = true;
    assertThat(steps(5, 7)).hasSize(30);
    assertThat(submission.replays()).isZero();
  }

  @Test
  void afterAFailureNothingIsHandedOverTwice() {
    driver.failsAt = 3;
    assertThatThrownBy(() -> step(7)).hasMessage("kernel 3");
    assertThat(driver.done).hasSize(4);
    submission.finish();
    assertThat(driver.done).hasSize(4);
    driver.failsAt = -1;
    assertThat(steps(1, 7)).hasSize(6);
  }

  @Test
  void releasedGraphsAreMadeAnew() {
    steps(3, 7);
    submission.releaseGraphs();
    assertThat(driver.released).hasSize(1);
    assertThat(steps(1, 7)).hasSize(6);
    assertThat(driver.captures).isEqualTo(2);
  }
}
