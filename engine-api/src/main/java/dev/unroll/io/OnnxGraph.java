// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Builds an ONNX model (operator set 20, as onnx.proto lays it out): inputs, constants and nodes in
 * the order they are added, one output.
 */
public final class OnnxGraph {
  private static final int IR_VERSION = 9;
  private static final int OPERATOR_SET = 20;

  /** Numbers of onnx.proto's types. */
  private static final int FLOAT = 1;

  private static final int INT64 = 7;

  private final ProtoMessage graph = new ProtoMessage();
  private int values;

  /** A graph without nodes. */
  public OnnxGraph() {}

  /**
   * Adds an input of the model.
   *
   * @param name its name
   * @param integers whether it has int64 values, else float
   * @param axes sizes; a name where any size fits
   */
  public void input(String name, boolean integers, Object... axes) {
    graph.message(11, valueInfo(name, integers ? INT64 : FLOAT, axes));
  }

  /**
   * Names the output of the model.
   *
   * @param name a value
   * @param axes sizes; a name where any size fits
   */
  public void output(String name, Object... axes) {
    graph.message(12, valueInfo(name, FLOAT, axes));
  }

  /**
   * Adds constant numbers.
   *
   * @param array values and shape
   * @return the name to use them by: that of the array
   */
  public String constant(NamedArray array) {
    ByteBuffer data = ByteBuffer.allocate(4 * array.values().length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(array.values());
    addConstant(array.name(), FLOAT, data.array(), array.shape());
    return array.name();
  }

  /**
   * Adds constant integers.
   *
   * @param numbers the values
   * @param shape their shape; none for one number
   * @return the name to use them by
   */
  public String constant(long[] numbers, int... shape) {
    ByteBuffer data = ByteBuffer.allocate(8 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asLongBuffer().put(numbers);
    String name = fresh("constant");
    addConstant(name, INT64, data.array(), shape);
    return name;
  }

  private void addConstant(String name, int type, byte[] data, int... shape) {
    ProtoMessage tensor = new ProtoMessage();
    for (int axis : shape) {
      tensor.varint(1, axis);
    }
    graph.message(5, tensor.varint(2, type).text(8, name).bytes(9, data));
  }

  /**
   * Adds a node with one output that is used.
   *
   * @param operator its operator
   * @param inputs names of values; an empty one is an input left out
   * @param attributes float, long, text, lists of longs or of texts, by name
   * @return the name of its output
   */
  public String node(String operator, List<String> inputs, Map<String, Object> attributes) {
    String output = fresh(operator);
    ProtoMessage node = new ProtoMessage();
    inputs.forEach(name -> node.text(1, name));
    node.text(2, output).text(3, output).text(4, operator);
    attributes.forEach((name, value) -> node.message(5, attribute(name, value)));
    graph.message(1, node);
    return output;
  }

  private static ProtoMessage attribute(String name, Object value) {
    ProtoMessage attribute = new ProtoMessage().text(1, name);
    if (value instanceof Float number) {
      return attribute.fixed32(2, Float.floatToRawIntBits(number)).varint(20, 1);
    }
    if (value instanceof Long number) {
      return attribute.varint(3, number).varint(20, 2);
    }
    if (value instanceof String text) {
      return attribute.text(4, text).varint(20, 3);
    }
    List<?> list = (List<?>) value;
    boolean texts = list.get(0) instanceof String;
    for (Object each : list) {
      if (texts) {
        attribute.text(9, (String) each);
      } else {
        attribute.varint(8, (Long) each);
      }
    }
    return attribute.varint(20, texts ? 8 : 7);
  }

  /**
   * Writes the model, atomically.
   *
   * @param file where to
   * @throws IOException if that fails
   */
  public void write(Path file) throws IOException {
    ProtoMessage model =
        new ProtoMessage()
            .varint(1, IR_VERSION)
            .text(2, "unroll")
            .message(7, graph.text(2, "unroll"))
            .message(8, new ProtoMessage().text(1, "").varint(2, OPERATOR_SET));
    AtomicFiles.writeBytes(file, model.toByteArray());
  }

  private String fresh(String kind) {
    return kind.toLowerCase(Locale.ROOT) + "_" + ++values;
  }

  private static ProtoMessage valueInfo(String name, int type, Object... axes) {
    ProtoMessage shape = new ProtoMessage();
    for (Object axis : axes) {
      ProtoMessage dimension = new ProtoMessage();
      if (axis instanceof Integer size) {
        dimension.varint(1, size);
      } else {
        dimension.text(2, (String) axis);
      }
      shape.message(1, dimension);
    }
    ProtoMessage tensor = new ProtoMessage().varint(1, type).message(2, shape);
    return new ProtoMessage().text(1, name).message(2, new ProtoMessage().message(1, tensor));
  }
}
