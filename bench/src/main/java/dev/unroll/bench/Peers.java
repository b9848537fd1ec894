// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.bench.EngineProcess.Launch;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Compares this engine with PyTorch and DL4J on this computer: the same cases, weights and data,
 * each engine with each number of threads in a process of its own, taking turns. The processes wait
 * while another works.
 */
public final class Peers {
  private static final long WARM_UP_NANOS = 800_000_000L;
  private static final long VISIT_NANOS = 60_000_000L;
  private static final long SHORTEST_SAMPLE = 2_000_000L;

  /** The threads of some engines look for work this long before they sleep. */
  private static final long SPINNING_MILLIS = 220;

  private static final double TOLERANCE = 1e-3;

  private final Path folder;
  private final int rounds;
  private final Consumer<String> out;
  private boolean agreed = true;

  /**
   * A comparison.
   *
   * @param folder where the peers were built: the folders pytorch and dl4j below it
   * @param quick fewer rounds
   * @param out takes the lines of the table
   */
  public Peers(Path folder, boolean quick, Consumer<String> out) {
    this.folder = folder;
    this.rounds = quick ? 5 : 15;
    this.out = out;
  }

  /**
   * Compares.
   *
   * @param backends of this engine
   * @param cases such as {@link Cases#all}
   * @return results for {@link dev.unroll.io.Json}, a tree for each case
   * @throws IOException if a process fails
   */
  public List<Map<String, Object>> run(List<String> backends, List<Benchmark> cases)
      throws IOException {
    List<EngineProcess> engines = new ArrayList<>();
    try {
      for (Launch launch : launches(backends)) {
        EngineProcess engine = new EngineProcess(launch);
        engines.add(engine);
        out.accept(launch.label() + ": " + engine.ask("name"));
      }
      List<Map<String, Object>> results = new ArrayList<>();
      for (Benchmark test : cases) {
        results.add(compare(test, engines));
      }
      return results;
    } finally {
      for (EngineProcess engine : engines) {
        engine.close();
      }
    }
  }

  /**
   * Whether the engines computed the same.
   *
   * @return false if losses differed by more than rounding
   */
  public boolean agreed() {
    return agreed;
  }

  private List<Launch> launches(List<String> backends) {
    int processors = Runtime.getRuntime().availableProcessors();
    List<Launch> launches = new ArrayList<>();
    for (int threads : new TreeSet<>(List.of(1, processors))) {
      for (String backend : backends) {
        List<String> own = Jvm.command("", UnrollEngine.class.getName());
        own.addAll(List.of(backend, Integer.toString(threads)));
        boolean choice = backend.startsWith("cpu");
        if (choice || threads == processors) {
          launches.add(new Launch(backend + "/" + threads, threads, own, Map.of()));
        }
      }
      addPeer(launches, "pytorch", "dev.unroll.bench.pytorch.TorchEngine", threads);
      addPeer(launches, "dl4j", "dev.unroll.bench.dl4j.Dl4jEngine", threads);
    }
    return launches;
  }

  private void addPeer(List<Launch> launches, String name, String main, int threads) {
    Path target = folder.resolve(name).resolve("target");
    if (!Files.isDirectory(target.resolve("lib"))) {
      return;
    }
    String path = target.resolve("classes") + File.pathSeparator + target.resolve("lib/*");
    List<String> command = Jvm.command(path, main);
    command.add(Integer.toString(threads));
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("OMP_NUM_THREADS", Integer.toString(threads));
    environment.put("MKL_NUM_THREADS", Integer.toString(threads));
    // One OpenMP for MKL and PyTorch, as in PyTorch's own builds: two would fight for processors.
    environment.put("MKL_THREADING_LAYER", "GNU");
    if (MicroKernels.lanes() == 16 && System.getenv("OPENBLAS_CORETYPE") == null) {
      // OpenBLAS takes processors newer than itself for old ones: five times slower.
      environment.put("OPENBLAS_CORETYPE", "SkylakeX");
    }
    launches.add(new Launch(name + "/" + threads, threads, command, environment));
  }

  /** An engine that takes part in a case. */
  private record Contestant(EngineProcess engine, int samples, int repeats, List<Double> nanos) {
    double median() {
      return Samples.of(nanos.stream().mapToDouble(Double::doubleValue).toArray()).median();
    }
  }

  private Map<String, Object> compare(Benchmark test, List<EngineProcess> engines)
      throws IOException {
    List<Contestant> contestants = new ArrayList<>();
    Map<String, double[]> checks = new LinkedHashMap<>();
    for (EngineProcess engine : engines) {
      String answer = engine.ask("open " + test.name());
      if (!answer.equals("unknown")) {
        checks.put(engine.label(), EngineProcess.parse(answer));
        contestants.add(warm(engine));
      }
    }
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < contestants.size(); i++) {
        visit(contestants.get((round + i) % contestants.size()));
      }
    }
    return report(test, contestants, checks);
  }

  private static Contestant warm(EngineProcess engine) throws IOException {
    double best = engine.numbers("warm " + WARM_UP_NANOS)[0];
    int repeats = (int) Math.max(1, SHORTEST_SAMPLE / best);
    int samples = (int) Math.max(1, VISIT_NANOS / (best * repeats));
    return new Contestant(engine, samples, repeats, new ArrayList<>());
  }

  private static void visit(Contestant contestant) throws IOException {
    String command = "run " + contestant.samples() + " " + contestant.repeats();
    for (double nanos : contestant.engine().numbers(command)) {
      contestant.nanos().add(nanos);
    }
    try {
      Thread.sleep(SPINNING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private Map<String, Object> report(
      Benchmark test, List<Contestant> contestants, Map<String, double[]> checks) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("case", test.name());
    StringBuilder line = new StringBuilder(String.format("%-44s", test.name()));
    Map<String, Double> best = new LinkedHashMap<>();
    Map<String, Double> medians = new LinkedHashMap<>();
    for (Contestant c : contestants) {
      String label = c.engine().label();
      medians.put(label, c.median());
      best.merge(label.substring(0, label.indexOf('/')), c.median(), Math::min);
      line.append(String.format("  %s %s", label, TextTable.millis(c.median())));
    }
    tree.put("median_ns", medians);
    String own = contestants.get(0).engine().label().replaceAll("/.*", "");
    best.forEach(
        (name, nanos) -> {
          if (!name.equals(own)) {
            double ratio = nanos / best.get(own);
            tree.put(name + "_over_" + own, ratio);
            line.append(TextTable.number("  " + name + "/" + own + " %.2f", ratio));
          }
        });
    String difference = difference(checks);
    tree.put("difference", difference);
    out.accept(line + (difference.isEmpty() ? "" : "  DIFFERENT: " + difference));
    agreed &= difference.isEmpty();
    return tree;
  }

  /** Which engine differs from the first by more than rounding; empty if none does. */
  static String difference(Map<String, double[]> checks) {
    String first = checks.keySet().iterator().next();
    double[] expected = checks.get(first);
    for (Map.Entry<String, double[]> check : checks.entrySet()) {
      double[] found = check.getValue();
      if (found.length == 0) {
        continue;
      }
      boolean equal = found.length == expected.length;
      for (int i = 0; equal && i < found.length; i++) {
        equal =
            Math.abs(found[i] - expected[i]) <= TOLERANCE * Math.max(1e-2, Math.abs(expected[i]));
      }
      if (!equal) {
        return check.getKey() + Arrays.toString(found) + ", " + first + Arrays.toString(expected);
      }
    }
    return "";
  }
}
