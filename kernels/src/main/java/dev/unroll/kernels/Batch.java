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
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A CPU device on which launches wait for each other and go as one, a training step as a rule:
 * waking the driver's threads costs more than most kernels take. One kernel, {@code batch}, runs
 * them ({@link BatchSource}); its work-groups, one for each processor, share the groups of each
 * launch and meet before the next. Its program is a buffer: for each phase its groups and its
 * words, then for each launch the number of the kernel and the arguments. Whatever else is asked of
 * the device comes after what waits.
 */
final class Batch implements Device {
  /** Values of a write that waits like a launch. */
  private static final int MOST_STORED = 2048;

  /** The same before there was a launch: what only probes the device needs no batch compiled. */
  private static final int FIRST_STORED = 64;

  /** Programs that are kept on the device: a training step repeats those of the step before. */
  private static final int KEPT = 64;

  private static final int MOST_INTS = 8192;

  /** What the work-groups tell each other, see opencl/alone.h. */
  private static final int PROGRESS_WORDS = 3;

  /** Arguments of the kernel before the slots. */
  private static final int OTHERS = 4;

  /**
   * As many launches of one group are about the work of one group among several. Where most of the
   * work is of the first kind, a second thread would only wait, and be in the host's way.
   */
  private static final int LIGHT = 4;

  private static final Grid ALONE = new Grid(1, 1, 1, 1);

  private final Device device;
  private final Map<String, Integer> numbers;
  private final Map<IntBuffer, Buffer> programs = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Buffer, Integer> slots = new LinkedHashMap<>();
  private final int[] program = new int[MOST_INTS];
  private Buffer progress;
  private int length;
  private int phase; // where the last one begins
  private int parts; // that the work-groups take: groups, or all launches of one group in a row
  private int shared; // groups of launches of several
  private int single; // launches of one group
  private int widest; // the most groups of a launch
  private int launches;
  private long batched;
  private long batches;

  Batch(Device device) {
    this.device = device;
    List<String> kernels = BatchSource.KERNELS;
    this.numbers =
        IntStream.range(0, kernels.size()).boxed().collect(Collectors.toMap(kernels::get, i -> i));
  }

  @Override
  public void launch(String kernel, Grid grid, Object... arguments) {
    Integer number = grid.groupSize() == 1 ? numbers.get(kernel) : null;
    if (number == null) {
      submit();
      device.launch(kernel, grid, arguments);
      return;
    }
    add(number, grid, 0, arguments);
  }

  /** Has a command wait, with room for so many words behind it. */
  private void add(int number, Grid grid, int more, Object... arguments) {
    int words = 1 + arguments.length + more;
    if (slots.size() + further(arguments) > BatchSource.SLOTS
        || length + BatchSource.PHASE_WORDS + words > MOST_INTS) {
      submit();
    }
    int groups = grid.groups0() * grid.groups1();
    if (launches == 0 || groups > 1 || program[phase] * program[phase + 1] > 1) {
      phase = length;
      program[length++] = grid.groups0();
      program[length++] = grid.groups1();
      program[length++] = 0;
      parts += groups;
    }
    widest = Math.max(widest, groups);
    shared += groups > 1 ? groups : 0;
    single += groups > 1 ? 0 : 1;
    program[phase + 2] += words;
    program[length++] = number;
    for (Object argument : arguments) {
      program[length++] = word(argument);
    }
    launches++;
  }

  /** Whether a write of so many values can wait. */
  private boolean canWait(int count) {
    return count <= (batches > 0 || launches > 0 ? MOST_STORED : FIRST_STORED);
  }

  /** Buffers among these that have no slot. */
  private int further(Object... arguments) {
    int count = 0;
    for (Object argument : arguments) {
      count += argument instanceof Buffer && !slots.containsKey(argument) ? 1 : 0;
    }
    return count;
  }

  private int word(Object argument) {
    if (argument instanceof Buffer buffer) {
      Integer slot = slots.putIfAbsent(buffer, slots.size());
      return slot == null ? slots.size() - 1 : slot;
    }
    return argument instanceof Float number ? Float.floatToRawIntBits(number) : (Integer) argument;
  }

  @Override
  public void submit() {
    if (launches == 0) {
      return;
    }
    if (progress == null) {
      progress = device.allocate(new int[PROGRESS_WORDS], PROGRESS_WORDS);
    }
    int groups = LIGHT * shared < single ? 1 : Math.min(device.info().units(), widest);
    Object[] arguments = new Object[OTHERS + BatchSource.SLOTS]; // null where no slot is
    arguments[0] = onDevice();
    arguments[1] = parts;
    arguments[2] = groups;
    arguments[3] = progress;
    slots.forEach((buffer, slot) -> arguments[OTHERS + slot] = buffer);
    batched += launches;
    batches++;
    slots.clear();
    length = 0;
    parts = 0;
    widest = 0;
    shared = 0;
    single = 0;
    launches = 0;
    device.launch("batch", Grid.of(groups, 1), arguments);
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
    Buffer written = device.allocate(words, length);
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
  public Buffer allocate(int[] values, int count) {
    return device.allocate(values, count);
  }

  @Override
  public void free(Buffer buffer) {
    submit();
    device.free(buffer);
  }

  @Override
  public void write(float[] src, Buffer dst, int at) {
    if (!canWait(src.length)) {
      submit();
      device.write(src, dst, at);
    } else {
      add(BatchSource.STORE, ALONE, src.length, dst, at, src.length);
      for (float value : src) {
        program[length++] = Float.floatToRawIntBits(value);
      }
    }
  }

  @Override
  public void write(int[] src, int from, int count, Buffer dst, int at) {
    if (!canWait(count)) {
      submit();
      device.write(src, from, count, dst, at);
    } else {
      add(BatchSource.STORE, ALONE, count, dst, at, count);
      System.arraycopy(src, from, program, length, count);
      length += count;
    }
  }

  @Override
  public void read(Buffer src, int at, int count, float[] dst) {
    submit();
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
    submit();
    device.synchronize();
  }

  @Override
  public void close() {
    device.close();
  }
}
