// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.ElementType;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A CPU device on which launches of a single work-item wait for each other and go as one: waking
 * the driver's threads costs more than such a kernel takes. The kernel {@code batch}, written here
 * from what the kernels declare, runs them in their order; its program is the number of the kernel
 * and its arguments for each. Whatever else is asked of the device comes after them.
 */
final class Batch implements Device {
  /** Kernels that are often launched so. Those with local memory can not be called. */
  private static final List<String> KERNELS =
      List.of(
          "fill",
          "axpby",
          "copy",
          "binary",
          "activate",
          "activate_grad",
          "element_loss",
          "element_loss_grad",
          "gather",
          "scatter_add_columns",
          "matmul_pack",
          "matmul_pack_rows",
          "matmul_registers",
          "rnn_sequence",
          "rnn_sequence_grad",
          "lstm_sequence",
          "lstm_sequence_grad",
          "gru_sequence",
          "gru_sequence_grad",
          "sum_rows",
          "sum_columns",
          "sum_segments",
          "sum_finish",
          "norm_segments",
          "norm_finish",
          "clip_coefficient",
          "cross_entropy_denominator",
          "cross_entropy_rows_with_grad",
          "cross_entropy_loss",
          "sgd_step",
          "adam_step");

  /** What stands in place of the number of a kernel: a write, with buffer, place, count, values. */
  private static final int STORE = KERNELS.size();

  /** Values of a write that waits like a launch. */
  private static final int MOST_STORED = 64;

  /** Buffers that the launches of a batch can use. */
  private static final int SLOTS = 64;

  /** Programs that are kept on the device: a training step repeats those of the step before. */
  private static final int KEPT = 64;

  private static final int MOST_INTS = 4096;
  private static final Pattern FUNCTION =
      Pattern.compile("\\b(?:KERNEL|DEVICE_FN)\\b[^;{}#(]*?\\b(\\w+)\\s*\\(");

  private static final Grid ALONE = new Grid(1, 1, 1, 1);

  private final Device device;
  private final Map<String, Integer> numbers;
  private final Map<IntBuffer, Buffer> programs = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Buffer, Integer> slots = new LinkedHashMap<>();
  private final int[] program = new int[MOST_INTS];
  private int length;
  private int launches;
  private long batched;
  private long batches;

  Batch(Device device) {
    this.device = device;
    this.numbers =
        IntStream.range(0, KERNELS.size()).boxed().collect(Collectors.toMap(KERNELS::get, i -> i));
  }

  /** The sources with the kernel that runs batches: all of them once more as functions it calls. */
  static Sources with(Sources sources) {
    String shared = sources.text().substring(sources.text().indexOf("#line", 1));
    String renamed =
        FUNCTION
            .matcher(shared)
            .results()
            .map(f -> "#define " + f.group(1) + " alone_" + f.group(1) + "\n")
            .distinct()
            .collect(Collectors.joining());
    String functions = shared.replaceAll("\\bKERNEL\\b", "ALONE");
    return sources
        .and("opencl/alone.h", Sources.resource("opencl/alone.h") + renamed + functions)
        .and("batch.cl", code(Signature.parse(sources.text())));
  }

  private static String code(Map<String, Signature> signatures) {
    StringBuilder code = new StringBuilder();
    String memory =
        IntStream.range(0, SLOTS).mapToObj(i -> "m" + i).collect(Collectors.joining(", "));
    code.append("KERNEL void batch(GLOBAL const int* program, int launches, GLOBAL float* ")
        .append(memory.replace(", ", ", GLOBAL float* "))
        .append(") {\n  GLOBAL float* m[] = {")
        .append(memory)
        .append("};\n  GLOBAL const int* p = program;\n")
        .append("  for (int i = 0; i < launches; i++) {\n    switch (p[0]) {\n");
    for (int i = 0; i < KERNELS.size(); i++) {
      code.append("      case ").append(i).append(": ");
      code.append(call(signatures.get(KERNELS.get(i)))).append(" break;\n");
    }
    code.append("      case ").append(STORE).append(": ");
    code.append("store(m[p[1]], p[2], p[3], p + 4); p += 4 + p[3]; break;\n");
    return code.append("    }\n  }\n}\n").toString();
  }

  private static String call(Signature signature) {
    List<Signature.Parameter> parameters = signature.parameters();
    String arguments =
        IntStream.range(0, parameters.size())
            .mapToObj(
                i -> {
                  String word = "p[" + (i + 1) + "]";
                  return switch (parameters.get(i).kind()) {
                    case FLOATS -> "m[" + word + "]";
                    case INTS -> "(GLOBAL int*) m[" + word + "]";
                    case FLOAT -> "AS_FLOAT(" + word + ")";
                    default -> word;
                  };
                })
            .collect(Collectors.joining(", "));
    return signature.kernel() + "(" + arguments + "); p += " + (parameters.size() + 1) + ";";
  }

  @Override
  public void launch(String kernel, Grid grid, Object... arguments) {
    Integer number = grid.equals(ALONE) ? numbers.get(kernel) : null;
    if (number == null) {
      flush();
      device.launch(kernel, grid, arguments);
      return;
    }
    add(number, 0, arguments);
  }

  /** Has a command wait, with room for so many words behind it. */
  private void add(int number, int more, Object... arguments) {
    int buffers = (int) Arrays.stream(arguments).filter(Buffer.class::isInstance).count();
    if (slots.size() + buffers > SLOTS || length + 1 + arguments.length + more > MOST_INTS) {
      flush();
    }
    program[length++] = number;
    for (Object argument : arguments) {
      program[length++] = word(argument);
    }
    launches++;
  }

  private int word(Object argument) {
    if (argument instanceof Buffer buffer) {
      return slots.computeIfAbsent(buffer, b -> slots.size());
    }
    return argument instanceof Float number ? Float.floatToRawIntBits(number) : (Integer) argument;
  }

  /** Launches what waits. */
  private void flush() {
    if (launches == 0) {
      return;
    }
    Object[] arguments = new Object[2 + SLOTS];
    Buffer code = onDevice();
    arguments[0] = code;
    arguments[1] = launches;
    slots.forEach((buffer, slot) -> arguments[2 + slot] = buffer);
    Buffer any = slots.keySet().iterator().next();
    Arrays.fill(arguments, 2 + slots.size(), arguments.length, any);
    batched += launches;
    batches++;
    slots.clear();
    length = 0;
    launches = 0;
    device.launch("batch", ALONE, arguments);
  }

  /** The program that waits, written to the device unless it is there. */
  private Buffer onDevice() {
    Buffer known = programs.get(IntBuffer.wrap(program, 0, length));
    if (known != null) {
      return known;
    }
    if (programs.size() == KEPT) {
      Iterator<Buffer> oldest = programs.values().iterator();
      device.free(oldest.next());
      oldest.remove();
    }
    int[] words = Arrays.copyOf(program, length);
    Buffer written = device.allocate(ElementType.INT32, length);
    device.write(words, 0, length, written, 0);
    programs.put(IntBuffer.wrap(words), written);
    return written;
  }

  // ---- everything else as the device does it, after what waits

  @Override
  public DeviceInfo info() {
    return device.info();
  }

  @Override
  public Buffer allocate(ElementType type, long elements) {
    return device.allocate(type, elements);
  }

  @Override
  public void free(Buffer buffer) {
    flush();
    device.free(buffer);
  }

  @Override
  public void write(float[] src, Buffer dst, int at) {
    if (src.length > MOST_STORED) {
      flush();
      device.write(src, dst, at);
    } else {
      add(STORE, src.length, dst, at, src.length);
      for (float value : src) {
        program[length++] = Float.floatToRawIntBits(value);
      }
    }
  }

  @Override
  public void write(int[] src, int from, int count, Buffer dst, int at) {
    if (count > MOST_STORED) {
      flush();
      device.write(src, from, count, dst, at);
    } else {
      add(STORE, count, dst, at, count);
      System.arraycopy(src, from, program, length, count);
      length += count;
    }
  }

  @Override
  public void read(Buffer src, int at, int count, float[] dst) {
    flush();
    device.read(src, at, count, dst);
  }

  @Override
  public Map<String, Integer> compile(String source) throws CompileException {
    return device.compile(source);
  }

  @Override
  public Optional<byte[]> binary() {
    return device.binary();
  }

  @Override
  public Map<String, Integer> load(byte[] built) {
    return device.load(built);
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>(device.notes());
    notes.add("launches that went as one: " + batched + " in " + batches);
    return notes;
  }

  @Override
  public void synchronize() {
    flush();
    device.synchronize();
  }

  @Override
  public void close() {
    device.close();
  }
}
