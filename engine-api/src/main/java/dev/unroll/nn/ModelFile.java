// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.io.FileFormatException;
import dev.unroll.io.SafeTensors;
import dev.unroll.io.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Parameters in a safetensors file, with the names and layouts of PyTorch. */
public final class ModelFile {
  private ModelFile() {}

  /**
   * Writes a model's parameters and constants, atomically.
   *
   * @param file where to
   * @param ops where the model lives
   * @param model the model
   * @param metadata strings for the file's header
   * @throws IOException if it can not be written; the old file is then as it was
   */
  public static void write(Path file, Ops ops, Model model, Map<String, String> metadata)
      throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter();
    metadata.forEach(writer::metadata);
    tensors(model).forEach((name, t) -> writer.add(name, ops.read(t), t.shape()));
    writer.write(file);
  }

  /**
   * Reads a model's parameters. All is checked before the first is changed.
   *
   * @param file where from
   * @param ops where the model lives
   * @param model the model, of the same layers and sizes
   * @throws FileFormatException if the file is damaged, has values that are not finite, or is not
   *     of this model: a tensor is missing, left over or of another shape, or a constant differs
   * @throws IOException if it can not be read
   */
  public static void read(Path file, Ops ops, Model model) throws IOException {
    Map<String, Tensor> tensors = tensors(model);
    try (SafeTensors in = SafeTensors.open(file)) {
      in.requireOnly(tensors.keySet());
      Map<String, float[]> values = new LinkedHashMap<>();
      for (Map.Entry<String, Tensor> e : tensors.entrySet()) {
        in.requireShape(e.getKey(), e.getValue().shape());
        in.requireFinite(e.getKey());
        values.put(e.getKey(), in.floats(e.getKey()));
      }
      for (Map.Entry<String, Tensor> c : model.constants().entrySet()) {
        requireConstant(file, c.getKey(), values.get(c.getKey()), ops.read(c.getValue()));
      }
      tensors.forEach((name, t) -> ops.write(values.get(name), t));
    }
  }

  private static Map<String, Tensor> tensors(Model model) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    model.parameters().forEach(p -> all.put(p.name(), p.value()));
    all.putAll(model.constants());
    return all;
  }

  private static void requireConstant(Path file, String name, float[] found, float[] expected)
      throws FileFormatException {
    for (int i = 0; i < found.length; i++) {
      if (found[i] != expected[i]) {
        throw new FileFormatException(
            file,
            "element " + i + " is " + found[i] + " but must be " + expected[i],
            "tensor '" + name + "'",
            "this model has one bias; make it with Bias.PYTORCH to read a file with two");
      }
    }
  }
}
