// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;

/** The folder that one training run writes. */
final class RunFolder {
  static final String CHECKPOINT = "checkpoint.safetensors";
  static final String MODEL = "model.safetensors";
  static final String CONFIG = "config.json";
  static final String VOCABULARY = "vocabulary";
  static final String METRICS = "metrics.jsonl";
  static final String PLACEMENT = "placement.json";
  static final String PLOT = "loss.png";

  private static final List<String> OF_A_RUN = List.of(CHECKPOINT, MODEL, CONFIG, METRICS);
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private final Path path;

  private RunFolder(Path path) {
    this.path = path;
  }

  /**
   * Makes the folder of a new run.
   *
   * @param out where the user wants it, or null for a new folder in {@code runs}
   * @param recipe names the new folder
   * @throws CliException if it cannot be made, or another run is in it
   */
  static RunFolder create(Path out, String recipe) {
    Path path = out == null ? fresh(recipe) : out;
    for (String file : OF_A_RUN) {
      if (Files.exists(path.resolve(file))) {
        throw CliException.usage(
            "--out "
                + path
                + ": holds another run ("
                + file
                + "); name a new folder, or remove it");
      }
    }
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw CliException.usage(
          "cannot make the folder " + path + ": " + reason(e) + "; name another with --out", e);
    }
    return new RunFolder(path);
  }

  private static Path fresh(String recipe) {
    String name = recipe + "-" + STAMP.format(LocalDateTime.now());
    Path path = Path.of("runs", name);
    for (int number = 2; Files.exists(path); number++) {
      path = Path.of("runs", name + "-" + number);
    }
    return path;
  }

  /** Why a file operation failed, in a few words. */
  static String reason(IOException e) {
    if (e instanceof FileSystemException f && f.getReason() != null) {
      return f.getReason();
    }
    String kind = e.getClass().getSimpleName().replace("Exception", "");
    return e.getClass() == IOException.class
        ? String.valueOf(e.getMessage())
        : kind.replaceAll("([a-z])([A-Z])", "$1 $2").toLowerCase(java.util.Locale.ROOT);
  }

  /** The folder itself. */
  Path path() {
    return path;
  }

  /** A file in it. */
  Path file(String name) {
    return path.resolve(name);
  }

  /** Writes what rebuilds the network and tells how it was trained. */
  void writeConfig(Session session, TrainSettings settings, long steps) throws IOException {
    Map<String, Object> tree = new java.util.LinkedHashMap<>();
    tree.put("format", 1);
    tree.put("recipe", settings.recipe());
    tree.put("network", session.sizes());
    Map<String, Object> training = settings.toJson();
    training.put("steps", steps);
    tree.put("training", training);
    Json.write(file(CONFIG), tree);
    if (session.vocabulary() != null) {
      session.vocabulary().save(file(VOCABULARY));
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
