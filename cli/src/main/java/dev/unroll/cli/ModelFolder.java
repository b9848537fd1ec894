// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.io.FileFormatException;
import dev.unroll.io.Json;
import dev.unroll.io.SafeTensors;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.ModelFile;
import dev.unroll.nn.Sequential;
import dev.unroll.text.CharVocabulary;
import dev.unroll.text.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A trained character language model in the folder of its run. */
final class ModelFolder {
  private static final long FORMAT = 1;

  private final Path folder;
  private final Vocabulary vocabulary;
  private final int embedding;
  private final int hidden;

  /**
   * Reads all but the weights.
   *
   * @throws CliException or FileFormatException if the folder is incomplete or of another recipe
   */
  ModelFolder(Path folder) throws IOException {
    this.folder = folder;
    requireComplete();
    Path file = folder.resolve(RunFolder.CONFIG);
    Map<String, Object> config = Json.readObject(file);
    requireRecipe(file, config);
    if (!(config.get("network") instanceof Map<?, ?> sizes)) {
      throw new FileFormatException(file, "has no sizes of the network", "network", remedy());
    }
    this.vocabulary = CharVocabulary.load(folder.resolve(RunFolder.VOCABULARY));
    this.embedding = size(file, sizes, "embedding");
    this.hidden = size(file, sizes, "hidden");
    if (size(file, sizes, "vocabulary") != vocabulary.size()) {
      throw new FileFormatException(
          file,
          "is for a vocabulary of " + sizes.get("vocabulary") + ", not " + vocabulary.size(),
          "",
          remedy());
    }
  }

  private void requireComplete() {
    if (!Files.isDirectory(folder)) {
      throw CliException.usage("--model " + folder + ": there is no such folder");
    }
    for (String name : new String[] {RunFolder.CONFIG, RunFolder.VOCABULARY, RunFolder.MODEL}) {
      if (!Files.exists(folder.resolve(name))) {
        String hint =
            Files.exists(folder.resolve(RunFolder.CHECKPOINT))
                ? "the run has not finished: unroll train --resume " + folder
                : remedy();
        throw CliException.usage("--model " + folder + ": there is no " + name + "; " + hint);
      }
    }
  }

  private void requireRecipe(Path file, Map<String, Object> config) throws FileFormatException {
    if (!Long.valueOf(FORMAT).equals(config.get("format"))) {
      throw new FileFormatException(
          file, "the format is " + config.get("format") + ", not " + FORMAT, "", "update unroll");
    }
    if (!CharLm.RECIPE.name().equals(config.get("recipe"))) {
      throw new FileFormatException(
          file,
          "the recipe is " + config.get("recipe") + ", which does not generate text",
          "",
          "use a model of " + CharLm.RECIPE.name());
    }
  }

  private static int size(Path file, Map<?, ?> sizes, String name) throws FileFormatException {
    if (sizes.get(name) instanceof Long size && size >= 1 && size <= Integer.MAX_VALUE / 4) {
      return size.intValue();
    }
    throw new FileFormatException(file, sizes.get(name) + " is no size", name, remedy());
  }

  private static String remedy() {
    return "name the folder of a run of 'unroll train'";
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Rebuilds the network with its weights.
   *
   * @throws FileFormatException if the file of the weights is damaged, has values that are not
   *     finite, or has other sizes
   */
  Sequential<Indices> network(Arena arena) throws IOException {
    Path file = folder.resolve(RunFolder.MODEL);
    requireSizes(file);
    Sequential<Indices> network =
        CharLm.network(new Initializer(arena, 0), vocabulary.size(), embedding, hidden);
    ModelFile.read(file, arena.ops(), network);
    return network;
  }

  /** Checks the two shapes that decide all others, before memory is taken for them. */
  private void requireSizes(Path file) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(file)) {
      tensors.requireShape("embedding.weight", vocabulary.size(), embedding);
      tensors.requireShape("dense.weight", vocabulary.size(), hidden);
      tensors.requireShape("lstm.weight_hh_l0", 4 * hidden, hidden);
    }
  }
}
