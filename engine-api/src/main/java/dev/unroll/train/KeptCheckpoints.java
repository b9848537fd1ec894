// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.io.AtomicFiles;
import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A folder of checkpoints of which the last few and the best are kept: {@code
 * step-000000120.safetensors}, {@code best.safetensors} and {@code best.json} with its step and
 * value. Files that it did not name itself are never touched.
 */
public final class KeptCheckpoints {
  private static final String BEST = "best.safetensors";
  private static final String BEST_VALUE = "best.json";

  /** Writes one checkpoint, usually by {@link Checkpoint#write}. */
  @FunctionalInterface
  public interface Saver {
    /**
     * Writes it.
     *
     * @param file where to
     * @throws IOException if it can not be written
     */
    void save(Path file) throws IOException;
  }

  private final Path folder;
  private final int last;

  /**
   * Takes a folder.
   *
   * @param folder an existing folder
   * @param last how many of the latest are kept, at least 1
   */
  public KeptCheckpoints(Path folder, int last) {
    if (last < 1) {
      throw new IllegalArgumentException("checkpoints: keep one at least, not " + last);
    }
    this.folder = folder;
    this.last = last;
  }

  /**
   * Writes a checkpoint, then deletes those that are too old.
   *
   * @param step number of the step
   * @param value what was measured at this step, the smaller the better; NaN if nothing was
   * @param saver writes the file
   * @throws IOException if something can not be written; older checkpoints are then still there
   */
  public void write(long step, double value, Saver saver) throws IOException {
    Path file = folder.resolve(String.format("step-%09d.safetensors", step));
    saver.save(file);
    if (value < bestValue()) {
      byte[] json =
          Json.toLine(Map.of("step", step, "value", value)).getBytes(StandardCharsets.UTF_8);
      AtomicFiles.write(folder.resolve(BEST), out -> Files.copy(file, out));
      AtomicFiles.write(folder.resolve(BEST_VALUE), out -> out.write(json));
    }
    List<Path> all = files();
    for (Path old : all.subList(0, Math.max(0, all.size() - last))) {
      Files.delete(old);
    }
  }

  /**
   * The checkpoints of single steps.
   *
   * @return files, oldest first
   * @throws IOException if the folder can not be read
   */
  public List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.getFileName().toString().matches("step-[0-9]{9,}\\.safetensors"))
          .sorted()
          .toList();
    }
  }

  /**
   * The checkpoint with the lowest value.
   *
   * @return its file, which is there only if a value was given
   */
  public Path best() {
    return folder.resolve(BEST);
  }

  /**
   * The lowest value, also of an earlier process.
   *
   * @return infinity if there is none
   * @throws IOException if it can not be read
   */
  public double bestValue() throws IOException {
    return bestNumber("value", Double.POSITIVE_INFINITY).doubleValue();
  }

  /**
   * When the lowest value was measured.
   *
   * @return number of the step, 0 if there is none
   * @throws IOException if it can not be read
   */
  public long bestStep() throws IOException {
    return bestNumber("step", 0).longValue();
  }

  private Number bestNumber(String name, Number otherwise) throws IOException {
    Path file = folder.resolve(BEST_VALUE);
    if (!Files.exists(file)) {
      return otherwise;
    }
    if (Json.parse(Files.readString(file), file) instanceof Map<?, ?> tree
        && tree.get(name) instanceof Number number) {
      return number;
    }
    throw new IOException(file + " has no number '" + name + "'; delete it to start anew");
  }

  /**
   * Takes over the best checkpoint of another folder, for a run that goes on in this one.
   *
   * @param other folder of the run that is resumed
   * @throws IOException if it can not be copied
   */
  public void takeBest(KeptCheckpoints other) throws IOException {
    for (String name : List.of(BEST, BEST_VALUE)) {
      Path from = other.folder.resolve(name);
      if (Files.exists(from)) {
        AtomicFiles.write(folder.resolve(name), out -> Files.copy(from, out));
      }
    }
  }
}
