// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * NumPy's {@code .npy} files: one array each. Written are little-endian float32 in row-major order;
 * read are also float64 (rounded), int32 and int64, big-endian and column-major ones, formats 1 to
 * 3.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([<>|=])([fi])(\\d+)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([\\d\\s,]*)\\)");

  private Npy() {}

  /**
   * Reads a file.
   *
   * @param file the file
   * @return its array
   * @throws FileFormatException if it is missing, damaged, or of a type that is not read
   * @throws IOException if it can not be read
   */
  public static NamedArray read(Path file) throws IOException {
    String name = String.valueOf(file.getFileName()).replaceFirst("\\.npy$", "");
    return parse(InputFiles.readBytes(file, Integer.MAX_VALUE - 8), name, file);
  }

  /**
   * Writes a file, atomically.
   *
   * @param file where to
   * @param array what to write; its name is not kept
   * @throws IOException if that fails
   */
  public static void write(Path file, NamedArray array) throws IOException {
    AtomicFiles.write(file, out -> out.write(bytes(array)));
  }

  static byte[] bytes(NamedArray array) {
    String shape =
        Arrays.stream(array.shape()).mapToObj(n -> n + ",").collect(Collectors.joining(" "));
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
    int unpadded = MAGIC.length + 4 + header.length() + 1;
    header += " ".repeat((ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT) + "\n";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(MAGIC);
    out.write(1);
    out.write(0);
    out.write(header.length() & 0xff);
    out.write(header.length() >>> 8);
    out.writeBytes(header.getBytes(StandardCharsets.ISO_8859_1));
    ByteBuffer data = ByteBuffer.allocate(4 * array.values().length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(array.values());
    out.writeBytes(data.array());
    return out.toByteArray();
  }

  static NamedArray parse(byte[] bytes, String name, Path file) throws FileFormatException {
    if (bytes.length < 12 || !Arrays.equals(bytes, 0, 6, MAGIC, 0, 6)) {
      throw fault(file, name, "does not start as a NumPy array does");
    }
    int version = bytes[6];
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int start = version == 1 ? 10 : 12;
    int length = version == 1 ? Short.toUnsignedInt(in.getShort(8)) : in.getInt(8);
    if (version < 1 || version > 3 || length < 0 || length > bytes.length - start) {
      throw fault(file, name, "has a header of " + length + " bytes in format " + version);
    }
    String header = new String(bytes, start, length, StandardCharsets.UTF_8);
    Matcher type = find(DESCR, header, file, name);
    boolean columnMajor = find(ORDER, header, file, name).group(1).equals("True");
    int[] shape = shape(find(SHAPE, header, file, name).group(1), file, name);
    in.order(type.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    float[] values = values(in, start + length, type.group(2) + type.group(3), shape, file, name);
    return new NamedArray(name, columnMajor ? rowMajor(values, shape) : values, shape);
  }

  private static Matcher find(Pattern pattern, String header, Path file, String name)
      throws FileFormatException {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw fault(file, name, "has a header that is not understood: " + header.strip());
    }
    return matcher;
  }

  private static int[] shape(String text, Path file, String name) throws FileFormatException {
    try {
      int[] shape =
          Arrays.stream(text.split(","))
              .map(String::strip)
              .filter(axis -> !axis.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      NamedArray.elements(shape);
      return shape;
    } catch (IllegalArgumentException e) {
      throw fault(file, name, "has the shape (" + text + "), which is too large");
    }
  }

  private static float[] values(
      ByteBuffer in, int at, String type, int[] shape, Path file, String name)
      throws FileFormatException {
    int size = type.endsWith("8") ? 8 : 4;
    if (!type.matches("f4|f8|i4|i8")) {
      throw fault(file, name, "has values of type " + type + ", not f4, f8, i4 or i8");
    }
    int count = NamedArray.elements(shape);
    if ((long) count * size != in.capacity() - at) {
      throw fault(
          file, name, "has " + (in.capacity() - at) + " bytes of data for " + count + " values");
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      int where = at + i * size;
      values[i] =
          switch (type) {
            case "f4" -> in.getFloat(where);
            case "f8" -> (float) in.getDouble(where);
            case "i4" -> in.getInt(where);
            default -> in.getLong(where);
          };
    }
    return values;
  }

  private static float[] rowMajor(float[] columnMajor, int... shape) {
    float[] values = new float[columnMajor.length];
    int[] index = new int[shape.length];
    for (int i = 0; i < values.length; i++) {
      int from = 0;
      for (int axis = shape.length - 1; axis >= 0; axis--) {
        from = from * shape[axis] + index[axis];
      }
      values[i] = columnMajor[from];
      for (int axis = shape.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
        index[axis] = 0;
      }
    }
    return values;
  }

  private static FileFormatException fault(Path file, String name, String what) {
    return new FileFormatException(
        file, what, "array '" + name + "'", "write it with numpy.save as float32");
  }
}
