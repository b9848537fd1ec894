// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Ops;
import dev.unroll.io.FileFormatException;
import dev.unroll.io.Json;
import dev.unroll.io.SafeTensors;
import dev.unroll.nn.Model;
import dev.unroll.nn.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A trained model in the folder of its run: the last weights, or a named file of others. */
final class ModelFolder {
  private static final long FORMAT = 1;
  private static final int MOST = Integer.MAX_VALUE / 4;

  private final Path folder;
  private final Path weights;
  private final Path config;
  private final Recipe recipe;
  private final Map<?, ?> sizes;

  /**
   * Reads all but the weights.
   *
   * @param model the folder, or a file of weights in it, such as {@code best.safetensors}
   * @throws CliException or FileFormatException if the folder is incomplete
   */
  ModelFolder(Path model) throws IOException {
    boolean file = Files.isRegularFile(model);
    this.folder = file ? model.toAbsolutePath().getParent() : model;
    this.weights = file ? model : folder.resolve(RunFolder.MODEL);
    this.config = folder.resolve(RunFolder.CONFIG);
    require(RunFolder.CONFIG);
    Map<String, Object> tree = Json.readObject(config);
    if (!Long.valueOf(FORMAT).equals(tree.get("format"))) {
      throw new FileFormatException(
          config, "the format is " + tree.get("format") + ", not " + FORMAT, "", "update unroll");
    }
    this.recipe = recipe(tree.get("recipe"));
    if (!(tree.get("network") instanceof Map<?, ?> network)) {
      throw new FileFormatException(config, "has no sizes of the network", "network", remedy());
    }
    this.sizes = network;
    if (!file) {
      require(RunFolder.MODEL);
    }
  }

  private Recipe recipe(Object name) throws FileFormatException {
    for (Recipe each : Recipes.ALL) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    throw new FileFormatException(config, "the recipe " + name + " is not known", "", remedy());
  }

  private void require(String name) {
    if (!Files.isDirectory(folder)) {
      throw CliException.usage("--model " + folder + ": there is no such folder");
    }
    if (!Files.exists(folder.resolve(name))) {
      String hint =
          Files.exists(folder.resolve(RunFolder.CHECKPOINT))
              ? "the run has not finished: unroll train --resume " + folder
              : remedy();
      throw CliException.usage("--model " + folder + ": there is no " + name + "; " + hint);
    }
  }

  private static String remedy() {
    return "name the folder of a run of 'unroll train'";
  }

  /** What it was trained as. */
  Recipe recipe() {
    return recipe;
  }

  /** The file of the vocabulary. */
  Path vocabulary() {
    require(RunFolder.VOCABULARY);
    return folder.resolve(RunFolder.VOCABULARY);
  }

  /** A size of the network, at least 1. */
  int size(String name) throws FileFormatException {
    if (sizes.get(name) instanceof Long size && size >= 1 && size <= MOST) {
      return size.intValue();
    }
    throw new FileFormatException(config, sizes.get(name) + " is no size", name, remedy());
  }

  /** A number of the configuration. */
  double number(String name) throws FileFormatException {
    if (sizes.get(name) instanceof Number number) {
      return number.doubleValue();
    }
    throw new FileFormatException(config, sizes.get(name) + " is no number", name, remedy());
  }

  /** The names of the classes. */
  List<String> labels() throws FileFormatException {
    if (sizes.get("labels") instanceof List<?> labels && !labels.isEmpty()) {
      return labels.stream().map(String::valueOf).toList();
    }
    throw new FileFormatException(config, "has no labels", "labels", remedy());
  }

  /** Demands a size, as the vocabulary has it. */
  void requireSize(String name, int expected) throws FileFormatException {
    if (size(name) != expected) {
      throw new FileFormatException(
          config,
          "is for a " + name + " of " + sizes.get(name) + ", not " + expected,
          "",
          remedy());
    }
  }

  /** Checks a shape that decides others, before memory is taken for them. */
  void requireShape(String tensor, int... shape) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(weights)) {
      tensors.requireShape(tensor, shape);
    }
  }

  /**
   * Fills a network with the trained weights.
   *
   * @throws FileFormatException if the file of the weights is damaged, has values that are not
   *     finite, or has other sizes
   */
  void read(Ops ops, Model network) throws IOException {
    ModelFile.read(weights, ops, network);
  }
}
