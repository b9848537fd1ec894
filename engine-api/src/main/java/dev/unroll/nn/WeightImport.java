// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.io.NamedArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Brings weights of other systems into a model. Rules say what the arrays of a file are; {@link
 * #into} demands that all of them are used and all of the model is filled.
 *
 * <pre>{@code
 * WeightImport.Report report =
 *     new WeightImport(Npz.read(file))
 *         .keras(WeightImport.Kind.LSTM, "lstm", "lstm", 0)
 *         .keras(WeightImport.Kind.DENSE, "dense", "dense", 0)
 *         .into(ops, model);
 * }</pre>
 *
 * <p>Conventions: PyTorch's are ours (weight_ih_l0 [gates * H, I]; gates i f g o, r z n). Keras
 * stores transposed kernels [I, gates * H], gates i f c o and z r h, and one bias for each gate, or
 * two rows for a GRU with {@code reset_after}. ONNX stores [directions, gates * H, I], gates i o f
 * c and z r h, and both biases in one row.
 */
public final class WeightImport {
  /** What an array belongs to. */
  public enum Kind {
    /** A simple recurrent layer. */
    RNN(1, new int[] {0}, new int[] {0}),
    /** An LSTM. */
    LSTM(4, new int[] {0, 1, 2, 3}, new int[] {0, 2, 3, 1}),
    /** A GRU. */
    GRU(3, new int[] {1, 0, 2}, new int[] {1, 0, 2}),
    /** A dense layer. */
    DENSE(0, null, null),
    /** An embedding. */
    EMBEDDING(0, null, null),
    /** Layer normalisation. */
    LAYER_NORM(0, null, null);

    private final int gates;

    /** For each of our gates, its number in the other system. */
    private final int[] keras;

    private final int[] onnx;

    Kind(int gates, int[] keras, int[] onnx) {
      this.gates = gates;
      this.keras = keras;
      this.onnx = onnx;
    }
  }

  /**
   * What was brought where.
   *
   * @param lines one for each tensor of the model, then one for each array that was left out
   */
  public record Report(List<String> lines) {
    @Override
    public String toString() {
      return String.join("\n", lines);
    }
  }

  /** An array in our layout, and which of the file it was made from. */
  private record Converted(float[] values, int[] shape, String from) {}

  private final Map<String, NamedArray> source = new LinkedHashMap<>();
  private final Set<String> used = new TreeSet<>();
  private final Map<String, Converted> converted = new LinkedHashMap<>();
  private final List<String> leftOut = new ArrayList<>();
  private final List<String> kept = new ArrayList<>();

  /**
   * Starts.
   *
   * @param arrays all arrays of a file
   * @throws IllegalArgumentException if two have the same name
   */
  public WeightImport(Collection<NamedArray> arrays) {
    for (NamedArray array : arrays) {
      if (source.put(array.name(), array) != null) {
        throw new IllegalArgumentException("import: two arrays are named '" + array.name() + "'");
      }
    }
  }

  /**
   * Takes all arrays whose names start so as PyTorch's.
   *
   * @param theirs beginning of their names, such as {@code "encoder.rnn."}; may be empty
   * @param ours what stands there in the model instead
   * @return this
   * @throws IllegalArgumentException if no name starts so
   */
  public WeightImport pytorch(String theirs, String ours) {
    for (NamedArray array : startingWith(theirs)) {
      String name = ours + array.name().substring(theirs.length());
      add(name, array.values(), array.shape(), array.name());
    }
    return this;
  }

  /**
   * Leaves arrays of the file out, such as a head that the model replaces; rules that come after
   * this one do not see them.
   *
   * @param theirs beginning of their names
   * @return this
   * @throws IllegalArgumentException if no name starts so
   */
  public WeightImport leaveOut(String theirs) {
    for (NamedArray array : startingWith(theirs)) {
      used.add(array.name());
      leftOut.add(array.name());
    }
    return this;
  }

  /**
   * Lets tensors of the model stay as they are, such as a new head.
   *
   * @param ours beginning of their names
   * @return this
   */
  public WeightImport keep(String ours) {
    kept.add(ours);
    return this;
  }

  /**
   * Takes the arrays of a Keras layer: {@code kernel}, {@code recurrent_kernel} and {@code bias},
   * {@code embeddings}, or {@code gamma} and {@code beta}.
   *
   * @param kind what the layer is
   * @param theirs path of its arrays, without the last slash; a suffix {@code :0} may follow a name
   * @param ours name of the layer in the model
   * @param layer number of a recurrent layer in its stack, from 0
   * @return this
   * @throws IllegalArgumentException if an array is missing or has a shape that makes no sense
   */
  public WeightImport keras(Kind kind, String theirs, String ours, int layer) {
    switch (kind) {
      case EMBEDDING -> plain(take(theirs + "/embeddings"), ours + ".weight");
      case LAYER_NORM -> {
        plain(take(theirs + "/gamma"), ours + ".weight");
        plain(take(theirs + "/beta"), ours + ".bias");
      }
      case DENSE -> {
        NamedArray kernel = matrix(take(theirs + "/kernel"));
        add(
            ours + ".weight",
            transposed(kernel),
            new int[] {kernel.shape()[1], kernel.shape()[0]},
            kernel.name());
        if (find(theirs + "/bias") != null) {
          plain(take(theirs + "/bias"), ours + ".bias");
        }
      }
      default -> kerasRecurrent(kind, theirs, ours + ".%s_l" + layer);
    }
    return this;
  }

  private void kerasRecurrent(Kind kind, String theirs, String ours) {
    kerasKernel(kind, take(theirs + "/kernel"), ours.formatted("weight_ih"));
    kerasKernel(kind, take(theirs + "/recurrent_kernel"), ours.formatted("weight_hh"));
    if (find(theirs + "/bias") == null) {
      return;
    }
    NamedArray bias = take(theirs + "/bias");
    int[] shape = bias.shape();
    boolean two = shape.length == 2 && shape[0] == 2;
    if (!two && shape.length != 1) {
      throw wrongShape(bias, "[gates * H] or [2, gates * H]");
    }
    int size = shape[shape.length - 1];
    float[] first = Arrays.copyOf(bias.values(), size);
    float[] second = two ? Arrays.copyOfRange(bias.values(), size, 2 * size) : new float[size];
    int[] row = {size};
    add(ours.formatted("bias_ih"), gates(kind, kind.keras, first, bias), row, bias.name());
    add(ours.formatted("bias_hh"), gates(kind, kind.keras, second, bias), row, bias.name());
  }

  private void kerasKernel(Kind kind, NamedArray kernel, String name) {
    matrix(kernel);
    int[] shape = {kernel.shape()[1], kernel.shape()[0]};
    add(name, gates(kind, kind.keras, transposed(kernel), kernel), shape, kernel.name());
  }

  /**
   * Takes the inputs W, R and B of an ONNX node RNN, LSTM or GRU ({@code linear_before_reset} is
   * the form with the reset after the product).
   *
   * @param kind what the node is
   * @param w name of W [directions, gates * H, I]
   * @param r name of R [directions, gates * H, H]
   * @param b name of B [directions, 2 * gates * H]; null for none
   * @param ours name of the layer in the model
   * @param layer number of the layer in its stack, from 0
   * @return this
   * @throws IllegalArgumentException if an array is missing or has a shape that makes no sense
   */
  public WeightImport onnx(Kind kind, String w, String r, String b, String ours, int layer) {
    if (kind.gates == 0) {
      throw new IllegalArgumentException("import: " + kind + " is no recurrent node of ONNX");
    }
    String name = ours + ".%s_l" + layer;
    for (int d = 0; d < directions(take(w)); d++) {
      String suffix = d == 0 ? "" : "_reverse";
      onnxWeight(kind, take(w), d, name.formatted("weight_ih") + suffix);
      onnxWeight(kind, take(r), d, name.formatted("weight_hh") + suffix);
      if (b != null) {
        NamedArray bias = take(b);
        int half = bias.values().length / directions(bias) / 2;
        for (int part = 0; part < 2; part++) {
          int from = (2 * d + part) * half;
          float[] values = Arrays.copyOfRange(bias.values(), from, from + half);
          String which = name.formatted(part == 0 ? "bias_ih" : "bias_hh") + suffix;
          add(which, gates(kind, kind.onnx, values, bias), new int[] {half}, bias.name());
        }
      }
    }
    return this;
  }

  private void onnxWeight(Kind kind, NamedArray all, int direction, String name) {
    if (all.shape().length != 3) {
      throw wrongShape(all, "[directions, gates * H, columns]");
    }
    int size = all.shape()[1] * all.shape()[2];
    float[] values = Arrays.copyOfRange(all.values(), direction * size, (direction + 1) * size);
    int[] shape = {all.shape()[1], all.shape()[2]};
    add(name, gates(kind, kind.onnx, values, all), shape, all.name());
  }

  private static int directions(NamedArray array) {
    int directions = array.shape().length == 0 ? 0 : array.shape()[0];
    if (directions != 1 && directions != 2) {
      throw wrongShape(array, "[1 or 2 directions, ...]");
    }
    return directions;
  }

  /**
   * Fills a model. Everything is checked before the first value is changed.
   *
   * @param ops where the model lives
   * @param model the model
   * @return what was brought where
   * @throws IllegalArgumentException if an array is left over, a tensor of the model has none or
   *     one of another shape, a value is not finite, a constant of the model differs, or nothing of
   *     the model is what a {@link #keep} names
   */
  public Report into(Ops ops, Model model) {
    Map<String, Tensor> wanted = new LinkedHashMap<>();
    model.parameters().forEach(p -> wanted.put(p.name(), p.value()));
    wanted.putAll(model.constants());
    List<String> problems = new ArrayList<>();
    List<String> stay = stay(wanted, problems);
    requireAll(wanted, problems);
    model
        .constants()
        .forEach(
            (name, t) -> {
              Converted c = converted.get(name);
              if (c != null && !Arrays.equals(c.values, ops.read(t))) {
                problems.add(name + " must be " + describe(t.shape()) + " of zeros");
              }
            });
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException("import: " + String.join("; ", problems));
    }
    List<String> lines = new ArrayList<>();
    wanted.forEach(
        (name, t) -> {
          Converted c = converted.get(name);
          ops.write(c.values, t);
          lines.add(name + " " + describe(t.shape()) + " <- " + c.from);
        });
    stay.forEach(name -> lines.add(name + " stays as it was"));
    leftOut.forEach(name -> lines.add(name + " of the file is left out"));
    return new Report(lines);
  }

  /** Takes the tensors that stay as they are from those that are wanted. */
  private List<String> stay(Map<String, Tensor> wanted, List<String> problems) {
    List<String> stay = new ArrayList<>();
    for (String prefix : kept) {
      List<String> found = wanted.keySet().stream().filter(n -> n.startsWith(prefix)).toList();
      if (found.isEmpty()) {
        problems.add("nothing of the model starts with '" + prefix + "' to be kept");
      }
      wanted.keySet().removeAll(found);
      stay.addAll(found);
    }
    return stay;
  }

  private void requireAll(Map<String, Tensor> wanted, List<String> problems) {
    Set<String> left = new TreeSet<>(source.keySet());
    left.removeAll(used);
    if (!left.isEmpty()) {
      problems.add("no rule takes " + left);
    }
    Set<String> unknown = new TreeSet<>(converted.keySet());
    unknown.removeAll(wanted.keySet());
    if (!unknown.isEmpty()) {
      problems.add("the model has no " + unknown + "; it has " + wanted.keySet());
    }
    wanted.forEach(
        (name, t) -> {
          Converted c = converted.get(name);
          if (c == null) {
            problems.add("nothing is given for " + name);
          } else if (!Arrays.equals(c.shape, t.shape())) {
            problems.add(
                name
                    + " is "
                    + describe(t.shape())
                    + ", but "
                    + c.from
                    + " makes it "
                    + describe(c.shape));
          } else if (!allFinite(c.values)) {
            problems.add(c.from + " has values that are not finite");
          }
        });
  }

  private static boolean allFinite(float... values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private void plain(NamedArray array, String name) {
    add(name, array.values(), array.shape(), array.name());
  }

  private void add(String name, float[] values, int[] shape, String from) {
    used.add(from);
    if (converted.put(name, new Converted(values, shape, from)) != null) {
      throw new IllegalArgumentException("import: two rules fill " + name);
    }
  }

  private List<NamedArray> startingWith(String prefix) {
    List<NamedArray> found =
        source.values().stream()
            .filter(a -> a.name().startsWith(prefix) && !leftOut.contains(a.name()))
            .toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "import: no array starts with '" + prefix + "'; there are " + source.keySet());
    }
    return found;
  }

  private NamedArray find(String name) {
    NamedArray array = source.get(name);
    return array == null ? source.get(name + ":0") : array;
  }

  private NamedArray take(String name) {
    NamedArray array = find(name);
    if (array == null) {
      throw new IllegalArgumentException(
          "import: there is no array '" + name + "'; there are " + source.keySet());
    }
    return array;
  }

  private static NamedArray matrix(NamedArray array) {
    if (array.shape().length != 2) {
      throw wrongShape(array, "a matrix");
    }
    return array;
  }

  private static IllegalArgumentException wrongShape(NamedArray array, String expected) {
    return new IllegalArgumentException(
        "import: '" + array.name() + "' is " + describe(array.shape()) + ", must be " + expected);
  }

  private static String describe(int... shape) {
    return Arrays.stream(shape)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static float[] transposed(NamedArray matrix) {
    int rows = matrix.shape()[0];
    int cols = matrix.shape()[1];
    float[] values = new float[rows * cols];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        values[c * rows + r] = matrix.values()[r * cols + c];
      }
    }
    return values;
  }

  /** Blocks of rows in our order of gates. */
  private static float[] gates(Kind kind, int[] order, float[] values, NamedArray from) {
    if (values.length % kind.gates != 0) {
      throw wrongShape(from, kind.gates + " gates of equal size");
    }
    int block = values.length / kind.gates;
    float[] ordered = new float[values.length];
    for (int g = 0; g < kind.gates; g++) {
      System.arraycopy(values, order[g] * block, ordered, g * block, block);
    }
    return ordered;
  }
}
