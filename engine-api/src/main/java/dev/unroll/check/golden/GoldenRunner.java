// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.check.golden.GoldenReport.Case;
import dev.unroll.check.golden.GoldenReport.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Runs golden cases of the format {@code tensor-golden/1}: safetensors files that hold inputs,
 * parameters, expected outputs and gradients, and a tolerance for each tensor.
 */
public final class GoldenRunner {
  private static final String EXTENSION = ".safetensors";
  private static final String INDEX = "index.tsv";

  /** Cases at the edges of the number format say nothing about the usual size of errors. */
  private static final Set<String> NOT_TYPICAL =
      Set.of("nan", "inf", "subnormal", "extreme", "overflow");

  private GoldenRunner() {}

  /**
   * Runs every case of a folder.
   *
   * @param ops the backend
   * @param folder with an {@code index.tsv}, or else searched for safetensors files
   * @param listener told of each case as it is done
   * @return the report; a broken file is a failed case in it
   * @throws IOException if the folder can not be read or has no case
   */
  public static GoldenReport run(Ops ops, Path folder, Consumer<Case> listener) throws IOException {
    return run(ops, folder, "", listener);
  }

  /**
   * Runs some cases of a folder.
   *
   * @param ops the backend
   * @param folder with an {@code index.tsv}, or else searched for safetensors files
   * @param filter what the path of a case must contain
   * @param listener told of each case as it is done
   * @return the report; a broken file is a failed case in it
   * @throws IOException if the folder can not be read or has no such case
   */
  public static GoldenReport run(Ops ops, Path folder, String filter, Consumer<Case> listener)
      throws IOException {
    List<Case> all = new ArrayList<>();
    for (String file : files(folder)) {
      if (file.contains(filter)) {
        Case done = run(ops, folder, file);
        listener.accept(done);
        all.add(done);
      }
    }
    if (all.isEmpty()) {
      throw new IOException(
          folder
              + ": there is no golden case (*"
              + EXTENSION
              + ") in it"
              + (filter.isEmpty() ? "" : " with '" + filter + "' in its name"));
    }
    return GoldenReport.of(ops.name(), all);
  }

  private static List<String> files(Path folder) throws IOException {
    Path index = folder.resolve(INDEX);
    if (Files.exists(index)) {
      return Files.readAllLines(index).stream()
          .skip(1)
          .filter(line -> !line.isBlank())
          .map(line -> line.substring(0, (line + "\t").indexOf('\t')))
          .toList();
    }
    try (Stream<Path> found = Files.walk(folder)) {
      return found
          .map(path -> folder.relativize(path).toString().replace('\\', '/'))
          .filter(name -> name.endsWith(EXTENSION))
          .sorted()
          .toList();
    }
  }

  private static Case run(Ops ops, Path folder, String file) {
    String name = file.endsWith(EXTENSION) ? file.substring(0, file.length() - 12) : file;
    String family = name.contains("/") ? name.substring(0, name.indexOf('/')) : name;
    try (GoldenFile golden = GoldenFile.open(folder.resolve(file));
        Arena arena = ops.arena(name)) {
      if (family.equals("activation")) {
        family = family + " " + golden.text("op");
      }
      Sheet sheet = new Sheet(arena);
      launch(golden, sheet);
      return compare(golden, sheet, name, family);
    } catch (UnsupportedFeatureException e) {
      return new Case(name, family, Status.SKIPPED, e.getMessage(), 0, List.of());
    } catch (IOException | RuntimeException e) {
      double worst = Double.POSITIVE_INFINITY;
      return new Case(name, family, Status.FAILED, e.toString(), worst, List.of());
    }
  }

  private static void launch(GoldenFile golden, Sheet sheet) throws IOException {
    String kind = golden.text("kind");
    switch (kind) {
      case "op" -> OpGolden.run(golden, sheet);
      case "layer" -> LayerGolden.run(golden, sheet);
      case "optimizer" -> OptimizerGolden.run(golden, sheet);
      case "trajectory" -> TrajectoryGolden.run(golden, sheet);
      default -> throw new IllegalArgumentException("unknown kind '" + kind + "'");
    }
  }

  private static Case compare(GoldenFile golden, Sheet sheet, String name, String family) {
    boolean typical = golden.features().stream().noneMatch(NOT_TYPICAL::contains);
    List<String> problems = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    double worst = 0;
    for (String tensor : golden.names()) {
      if (tensor.matches("(out|grad|final)\\..*")) {
        Comparison c = Comparison.of(golden, tensor, sheet.get(tensor));
        worst = Math.max(worst, c.worst());
        if (!c.problem().isEmpty()) {
          problems.add(c.problem());
        }
        if (typical && !Double.isNaN(c.ratio())) {
          ratios.add(c.ratio());
        }
      }
    }
    Status status = problems.isEmpty() ? Status.PASSED : Status.FAILED;
    return new Case(name, family, status, String.join("; ", problems), worst, List.copyOf(ratios));
  }
}
