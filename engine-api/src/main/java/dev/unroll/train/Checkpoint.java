// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.io.FileFormatException;
import dev.unroll.io.Json;
import dev.unroll.io.SafeTensors;
import dev.unroll.io.SafeTensorsWriter;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.State;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * All that a training run needs to go on as if it had never stopped, in one safetensors file:
 * {@code parameter.*}, {@code optimizer.*} (its state), {@code state.*} (carried recurrent state),
 * {@code losses} (of every step), and in the header, as JSON, seed, data position, settings and the
 * number of the format. The file is replaced atomically: a process killed while writing leaves the
 * one before.
 */
public final class Checkpoint implements AutoCloseable {
  /** The format that is written, and the newest that is read. */
  public static final long FORMAT = 1;

  private static final String HEADER = "unroll.checkpoint";
  private static final String PARAMETER = "parameter.";
  private static final String OPTIMIZER = "optimizer.";
  private static final String STATE = "state.";
  private static final String LOSSES = "losses";

  /**
   * How far a run is and how it was started.
   *
   * @param seed seed of all random numbers
   * @param position where in the data the next step goes on
   * @param losses loss of every step since step 1
   * @param settings hyper-parameters, a JSON tree as {@link Json} reads it
   */
  public record Progress(long seed, long position, float[] losses, Map<String, Object> settings) {}

  private final Path file;
  private final SafeTensors in;
  private final Progress progress;
  private final long optimizerSteps;

  private Checkpoint(Path file, SafeTensors in) throws IOException {
    this.file = file;
    this.in = in;
    Map<String, Object> header = header();
    requireFormat(header);
    in.requireFinite();
    this.optimizerSteps = number(header, "optimizerSteps");
    this.progress =
        new Progress(
            number(header, "seed"),
            number(header, "position"),
            in.floats(LOSSES),
            object(header.get("settings"), "settings"));
  }

  /**
   * Writes a checkpoint, atomically.
   *
   * @param file where to
   * @param ops where the run lives
   * @param progress how far it is
   * @param optimizer its optimiser with the parameters
   * @param carried state carried to the next step; {@link State#NONE} if there is none
   * @throws IOException if it can not be written; the old file is then as it was
   * @throws IllegalStateException if a tensor is not finite: the old file stays
   */
  public static void write(
      Path file, Ops ops, Progress progress, Optimizer optimizer, State carried)
      throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("format", FORMAT);
    header.put("seed", progress.seed());
    header.put("position", progress.position());
    header.put("optimizerSteps", optimizer.steps());
    header.put("settings", progress.settings());
    SafeTensorsWriter writer = new SafeTensorsWriter().metadata(HEADER, Json.toLine(header));
    writer.add(LOSSES, progress.losses(), progress.losses().length);
    tensors(optimizer, carried)
        .forEach((name, t) -> writer.add(name, finite(name, ops.read(t)), t.shape()));
    writer.write(file);
  }

  /**
   * Opens a checkpoint and reads how far the run was.
   *
   * @param file the file
   * @return the checkpoint, to be closed
   * @throws FileFormatException if the file is missing, damaged, not a checkpoint, of an unknown
   *     format, or has values that are not finite
   * @throws IOException if it can not be read
   */
  public static Checkpoint open(Path file) throws IOException {
    SafeTensors in = SafeTensors.open(file);
    try {
      return new Checkpoint(file, in);
    } catch (IOException | RuntimeException | Error e) {
      in.close();
      throw e;
    }
  }

  /**
   * How far the run was.
   *
   * @return seed, data position, losses and settings
   */
  public Progress progress() {
    return progress;
  }

  /**
   * Restores parameters, optimiser and carried state. All is checked before the first is changed.
   *
   * @param ops where the new run lives
   * @param optimizer made with the same settings for a model of the same sizes
   * @param carried made by the same model for the same batch; {@link State#NONE} if none is carried
   * @throws FileFormatException if a tensor is missing, left over or of another shape
   * @throws IOException if it can not be read
   */
  public void restore(Ops ops, Optimizer optimizer, State carried) throws IOException {
    Map<String, Tensor> tensors = tensors(optimizer, carried);
    Map<String, float[]> values = new LinkedHashMap<>();
    for (Map.Entry<String, Tensor> e : tensors.entrySet()) {
      in.requireShape(e.getKey(), e.getValue().shape());
      values.put(e.getKey(), in.floats(e.getKey()));
    }
    Set<String> known = new HashSet<>(tensors.keySet());
    known.add(LOSSES);
    in.requireOnly(known);
    tensors.forEach((name, t) -> ops.write(values.get(name), t));
    optimizer.resume(optimizerSteps);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private static Map<String, Tensor> tensors(Optimizer optimizer, State carried) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (Parameter p : optimizer.parameters()) {
      all.put(PARAMETER + p.name(), p.value());
    }
    optimizer.state().forEach((name, t) -> all.put(OPTIMIZER + name, t));
    carried.tensors().forEach((name, t) -> all.put(STATE + name, t));
    return all;
  }

  private static float[] finite(String name, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalStateException(
            "checkpoint: element "
                + i
                + " of "
                + name
                + " is "
                + values[i]
                + "; nothing was written, the checkpoint before is as it was");
      }
    }
    return values;
  }

  private Map<String, Object> header() throws FileFormatException {
    String json = in.metadata().get(HEADER);
    if (json == null) {
      throw fault("is not a checkpoint", "no '" + HEADER + "' in its header", "name another file");
    }
    return object(Json.parse(json, file), HEADER);
  }

  private void requireFormat(Map<String, Object> header) throws FileFormatException {
    long format = number(header, "format");
    if (format < 1 || format > FORMAT) {
      throw fault(
          "format " + format + " of checkpoints is not known, only 1 to " + FORMAT,
          HEADER,
          "use the version that wrote it, or a newer one");
    }
  }

  private long number(Map<String, Object> header, String name) throws FileFormatException {
    if (header.get(name) instanceof Long number) {
      return number;
    }
    throw fault("has no whole number '" + name + "'", HEADER, "use another checkpoint");
  }

  private Map<String, Object> object(Object value, String name) throws FileFormatException {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> members = new LinkedHashMap<>();
      map.forEach((key, member) -> members.put((String) key, member));
      return members;
    }
    throw fault("has no object '" + name + "'", HEADER, "use another checkpoint");
  }

  private FileFormatException fault(String what, String where, String remedy) {
    return new FileFormatException(file, what, where, remedy);
  }
}
