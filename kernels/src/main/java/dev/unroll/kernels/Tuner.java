// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Arena;
import dev.unroll.Ops;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Finds out what is fast on a device: setting after setting, the choices for each are run in turns
 * with the value in force, which is only given up for one that is clearly faster. Every choice must
 * give the same bits.
 */
public final class Tuner {
  /** Rounds of all choices; their median counts. */
  private static final int ROUNDS = 9;

  /** Time in which a choice runs a workload, in one round. */
  private static final long SLICE_NANOS = 3_000_000;

  /**
   * A choice must take less than this part of the time before, and less than it in three quarters
   * of the rounds, or noise would choose.
   */
  private static final double GAIN = 0.95;

  /** What takes this many times as long at the first try is not tried again. */
  private static final double HOPELESS = 3;

  /** A setting, what it is timed by, and the form of product that heeds it, or null. */
  private record Subject(String key, Function<Arena, List<Workload>> workloads, String form) {}

  private static final List<Subject> SUBJECTS =
      List.of(
          new Subject("matmul", Workload::products, null),
          new Subject("matmul.groups", Workload::products, "registers"),
          new Subject("matmul.unpacked", Workload::products, "registers"),
          new Subject("sequences", Workload::sequences, "registers"),
          new Subject("sequences.rows", Workload::sequences, "registers"),
          new Subject("matmul.large", Workload::products, "tiles"),
          new Subject("matmul.split", Workload::products, "tiles"),
          new Subject("matmul.naive.group", Workload::products, "naive"),
          new Subject("elementwise.group", Workload::elements, null),
          new Subject("elementwise.columns", Workload::elements, null),
          new Subject("elementwise.groups", Workload::elements, null),
          new Subject("rows.group", Workload::rows, null),
          new Subject("rows.widest", Workload::rows, null),
          new Subject("rows.groups", Workload::rows, null),
          new Subject("columns.group", Workload::columns, null),
          new Subject("scatter", Workload::scatters, null));

  /**
   * A choice that was tried.
   *
   * @param key setting
   * @param value choice
   * @param relative its time over that of the value that was in force before
   * @param equal whether it gave the same bits; if not it is never taken
   * @param taken whether it is in force from now on
   */
  public record Trial(String key, String value, double relative, boolean equal, boolean taken) {}

  private final Ops ops;
  private final DeviceBackend backend;
  private final Tuning tuning;

  /**
   * Prepares to tune a device.
   *
   * @param ops the operations of the backend
   * @param backend the backend that ops wraps; its settings change
   */
  public Tuner(Ops ops, DeviceBackend backend) {
    this.ops = ops;
    this.backend = backend;
    this.tuning = backend.tuning();
  }

  /**
   * Tries all choices. Settings that a system property fixes are left alone.
   *
   * @param tell is given each choice that was tried, setting by setting
   * @return the settings that differ from the defaults
   */
  public Map<String, String> run(Consumer<Trial> tell) {
    Tuning defaults = new Tuning(backend.info(), Tuning.defaults(), Map.of());
    Map<String, String> settings = new LinkedHashMap<>();
    for (Subject subject : SUBJECTS) {
      boolean heeded = subject.form() == null || subject.form().equals(tuning.text("matmul"));
      if (heeded && !Tuning.isFixed(subject.key())) {
        tune(subject).forEach(tell);
        String taken = tuning.text(subject.key());
        if (!taken.equals(defaults.text(subject.key()))) {
          settings.put(subject.key(), taken);
        }
      }
    }
    return settings;
  }

  /**
   * Stores settings for this device and its driver, in place of those stored before.
   *
   * @param settings from {@link #run}
   * @return the file
   * @throws IOException if it can not be written
   */
  public Path store(Map<String, String> settings) throws IOException {
    return StoredTuning.store(backend.info(), settings);
  }

  private List<Trial> tune(Subject subject) {
    String key = subject.key();
    String before = tuning.text(key);
    Set<String> values = new LinkedHashSet<>(List.of(before));
    values.addAll(List.of(tuning.text(key + ".choices").split(" ")));
    try (Arena arena = ops.arena("tune " + key)) {
      Contest contest = new Contest(key, subject.workloads().apply(arena));
      values.forEach(contest::enter);
      contest.race();
      Choice best = contest.best();
      tuning.set(key, best.value);
      return contest.choices.stream()
          .map(c -> new Trial(key, c.value, c.relative(), c.equal, c == best))
          .toList();
    } catch (RuntimeException | Error e) {
      tuning.set(key, before);
      throw e;
    }
  }

  /** A value of a setting with its times relative to the first one's. */
  private static final class Choice {
    final String value;
    final boolean equal;
    final List<Double> times = new ArrayList<>();
    boolean hopeless;

    Choice(String value, boolean equal) {
      this.value = value;
      this.equal = equal;
    }

    double relative() {
      return quantile(2);
    }

    boolean beats(double bound) {
      return equal && relative() < bound && quantile(3) < 1;
    }

    private double quantile(int quarter) {
      double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      return sorted[quarter * (sorted.length - 1) / 4];
    }
  }

  /** The values of one setting against each other; the first is the one to beat. */
  private final class Contest {
    final List<Choice> choices = new ArrayList<>();
    private final String key;
    private final List<Workload> workloads;
    private final List<float[]> expected = new ArrayList<>();
    private int[] runs;

    Contest(String key, List<Workload> workloads) {
      this.key = key;
      this.workloads = workloads;
    }

    /** Runs a value once, so that it is compiled, compares its results, and times it once. */
    void enter(String value) {
      tuning.set(key, value);
      boolean equal = true;
      for (int i = 0; i < workloads.size(); i++) {
        float[] results = workloads.get(i).results();
        if (choices.isEmpty()) {
          expected.add(results);
        }
        equal &= Arrays.equals(expected.get(i), results);
      }
      if (choices.isEmpty()) {
        runs = workloads.stream().mapToInt(Tuner::runs).toArray();
      }
      Choice choice = new Choice(value, equal);
      choices.add(choice);
      long[] base = choices.size() == 1 ? null : times(choices.get(0));
      choice.times.add(base == null ? 1.0 : relative(times(choice), base));
      choice.hopeless = choice.relative() > HOPELESS;
    }

    void race() {
      choices.stream().filter(c -> !c.hopeless).forEach(c -> c.times.clear());
      for (int round = 0; round < ROUNDS; round++) {
        long[] base = times(choices.get(0));
        choices.get(0).times.add(1.0);
        for (Choice choice : choices.subList(1, choices.size())) {
          if (!choice.hopeless) {
            choice.times.add(relative(times(choice), base));
          }
        }
      }
    }

    Choice best() {
      Choice best = choices.get(0);
      for (Choice choice : choices) {
        best = choice.beats(best == choices.get(0) ? GAIN : best.relative()) ? choice : best;
      }
      return best;
    }

    private long[] times(Choice choice) {
      tuning.set(key, choice.value);
      long[] times = new long[runs.length];
      for (int i = 0; i < runs.length; i++) {
        times[i] = workloads.get(i).time(runs[i]);
      }
      return times;
    }

    /** The geometric mean over the workloads. */
    private static double relative(long[] times, long[] base) {
      double logs = 0;
      for (int i = 0; i < times.length; i++) {
        logs += Math.log(times[i] / (double) base[i]);
      }
      return Math.exp(logs / times.length);
    }
  }

  /** How often a workload runs in its slice of time. */
  private static int runs(Workload workload) {
    return (int) Math.max(1, Math.min(100, SLICE_NANOS / Math.max(1, workload.time(1))));
  }
}
