// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.kernels.Grid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What is queued between two waits, as one sequence of launches and copies. A sequence that was
 * seen before is made into a graph. Commands are held back for as long as they are the beginning of
 * a graph, and if they turn out to be all of it, the graph is launched instead of them. So a graph
 * only ever does exactly what was asked: the same kernels on the same grids with the same arguments
 * and addresses. Commands that no graph begins with go to the driver at once.
 *
 * <p>A command is a few words. A launch: kernel and number of arguments, groups, group size,
 * arguments. A copy from the staging memory: -1 and its bytes, place there, address.
 */
final class Submission {
  /** In place of a kernel's number. */
  private static final int COPY = -1;

  /** Commands of a launch and of a copy before the arguments. */
  private static final int LAUNCH_WORDS = 3;

  private static final int COPY_WORDS = 3;

  /** What is shorter gains nothing. */
  private static final int SHORTEST_GRAPH = 4;

  /** Longer sequences are cut: memory must not grow with what is queued. */
  private static final int MOST_COMMANDS = 1 << 14;

  private static final int MOST_GRAPHS = 16;
  private static final int MOST_SEEN = 64;

  private final Driver driver;
  private final List<Graph> graphs = new ArrayList<>(); // used last at the end
  private final Graph[] matching = new Graph[MOST_GRAPHS];
  private int matches;
  private final long[] seen = new long[MOST_SEEN];
  private int nextSeen;

  private long[] words = new long[1 << 12];
  private int length;
  private int commands;
  private int submitted;
  private long hash;
  private long replays;

  /** What carries commands out. */
  interface Driver {
    /**
     * Launches a kernel.
     *
     * @param kernel its number
     * @param grid its blocks
     * @param words hold the arguments
     * @param at where the first is
     * @param arguments how many
     */
    void launch(int kernel, Grid grid, long[] words, int at, int arguments);

    /** Copies from the staging memory to an address of the device. */
    void copy(int from, int bytes, long to);

    /** Makes a graph of what the body queues; null where that is not possible. */
    Object capture(Runnable body);

    /** Queues a graph. */
    void launch(Object graph);

    /** Releases a graph. */
    void release(Object graph);
  }

  /** A sequence that can be launched at once. */
  private record Graph(long[] words, Object handle) {}

  Submission(Driver driver) {
    this.driver = driver;
  }

  /** Graphs launched so far. */
  long replays() {
    return replays;
  }

  /** Graphs kept. */
  int graphs() {
    return graphs.size();
  }

  /** Whether nothing was queued since the last {@link #finish}. */
  boolean isEmpty() {
    return length == 0;
  }

  /** Queues a launch with the first so many arguments. */
  void launch(int kernel, Grid grid, long[] arguments, int count) {
    int at = begin(LAUNCH_WORDS + count);
    words[at] = pair(kernel, count);
    words[at + 1] = pair(grid.groups0(), grid.groups1());
    words[at + 2] = pair(grid.size0(), grid.size1());
    System.arraycopy(arguments, 0, words, at + LAUNCH_WORDS, count);
    end(at);
  }

  /** Queues a copy from the staging memory, whose content must stay until the next wait. */
  void copy(int from, int bytes, long to) {
    int at = begin(COPY_WORDS);
    words[at] = pair(COPY, bytes);
    words[at + 1] = from;
    words[at + 2] = to;
    end(at);
  }

  private int begin(int count) {
    if (commands == MOST_COMMANDS) {
      finish();
    }
    if (length == 0) {
      matches = graphs.size();
      graphs.toArray(matching);
    }
    if (length + count > words.length) {
      words = Arrays.copyOf(words, Math.max(2 * words.length, length + count));
    }
    length += count;
    commands++;
    return length - count;
  }

  private void end(int from) {
    for (int i = from; i < length; i++) {
      hash = Long.rotateLeft((hash ^ words[i]) * 0x9e3779b97f4a7c15L, 29);
    }
    int left = 0;
    for (int i = 0; i < matches; i++) {
      Graph graph = matching[i];
      if (length <= graph.words().length
          && Arrays.equals(words, from, length, graph.words(), from, length)) {
        matching[left++] = graph;
      }
    }
    matches = left;
    if (matches == 0) {
      submit();
    }
  }

  /** Hands everything that is queued to the driver; the next command begins a sequence. */
  void finish() {
    if (length == 0) {
      return;
    }
    try {
      Graph whole = whole();
      if (whole != null) {
        driver.launch(whole.handle());
        replays++;
        graphs.remove(whole);
        graphs.add(whole);
      } else {
        submit();
        remember();
      }
    } finally {
      begin();
    }
  }

  /** Begins a sequence. */
  private void begin() {
    length = 0;
    commands = 0;
    submitted = 0;
    hash = 0;
  }

  /** Releases all graphs. Nothing may be queued. */
  void releaseGraphs() {
    graphs.forEach(graph -> driver.release(graph.handle()));
    graphs.clear();
  }

  /** The graph that is all that is queued, or null. */
  private Graph whole() {
    for (int i = 0; i < matches; i++) {
      if (matching[i].words().length == length) {
        return matching[i];
      }
    }
    return null;
  }

  private void submit() {
    int from = submitted;
    submitted = length;
    try {
      play(from, length);
    } catch (RuntimeException e) {
      begin(); // nothing is handed over twice
      throw e;
    }
  }

  private void play(int from, int to) {
    int at = from;
    while (at < to) {
      int kernel = high(words[at]);
      int count = low(words[at]);
      if (kernel == COPY) {
        driver.copy((int) words[at + 1], count, words[at + 2]);
        at += COPY_WORDS;
      } else {
        driver.launch(kernel, grid(words[at + 1], words[at + 2]), words, at + LAUNCH_WORDS, count);
        at += LAUNCH_WORDS + count;
      }
    }
  }

  /** Makes a graph of a sequence that was seen before. */
  private void remember() {
    if (commands < SHORTEST_GRAPH) {
      return;
    }
    for (long earlier : seen) {
      if (earlier == hash) {
        keep();
        return;
      }
    }
    seen[nextSeen] = hash;
    nextSeen = (nextSeen + 1) % MOST_SEEN;
  }

  private void keep() {
    Object handle = driver.capture(() -> play(0, length));
    if (handle == null) {
      return;
    }
    if (graphs.size() == MOST_GRAPHS) {
      driver.release(graphs.remove(0).handle());
    }
    graphs.add(new Graph(Arrays.copyOf(words, length), handle));
  }

  private static Grid grid(long groups, long size) {
    return new Grid(high(groups), low(groups), high(size), low(size));
  }

  private static long pair(int high, int low) {
    return (long) high << 32 | Integer.toUnsignedLong(low);
  }

  private static int high(long pair) {
    return (int) (pair >> 32);
  }

  private static int low(long pair) {
    return (int) pair;
  }
}
