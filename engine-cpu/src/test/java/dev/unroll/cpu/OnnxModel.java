// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of an ONNX model of one recurrent node whose inputs are all given at run time. Field
 * numbers are those of onnx.proto (ONNX IR version 7, operator set 12).
 */
final class OnnxModel {
  private static final int FLOAT = 1;
  private static final int ATTRIBUTE_INT = 2;
  private static final int ATTRIBUTE_STRING = 3;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private OnnxModel() {}

  /** Operator RNN, LSTM or GRU, this one with the reset after the product. */
  static byte[] recurrent(String operator, int hidden) {
    return recurrent(operator, hidden, true, 1);
  }

  /** The same with one direction or two; resetAfter applies to GRU. */
  static byte[] recurrent(String operator, int hidden, boolean resetAfter, int directions) {
    boolean lstm = operator.equals("LSTM");
    OnnxModel node = new OnnxModel();
    for (String input : new String[] {"X", "W", "R", "B", "", "h0"}) {
      node.text(1, input);
    }
    if (lstm) {
      node.text(1, "c0");
    }
    node.text(2, "Y").text(2, "hn");
    if (lstm) {
      node.text(2, "cn");
    }
    node.text(4, operator).message(5, integer("hidden_size", hidden));
    if (operator.equals("GRU")) {
      node.message(5, integer("linear_before_reset", resetAfter ? 1 : 0));
    }
    String direction = directions == 2 ? "bidirectional" : "forward";
    node.message(
        5, new OnnxModel().text(1, "direction").text(4, direction).number(20, ATTRIBUTE_STRING));
    OnnxModel graph = new OnnxModel().message(1, node).text(2, "recurrent");
    for (String input : new String[] {"X", "W", "R"}) {
      graph.message(11, tensor(input, 3));
    }
    graph.message(11, tensor("B", 2)).message(11, tensor("h0", 3));
    graph.message(12, tensor("Y", 4)).message(12, tensor("hn", 3));
    if (lstm) {
      graph.message(11, tensor("c0", 3)).message(12, tensor("cn", 3));
    }
    OnnxModel operators = new OnnxModel().text(1, "").number(2, 12);
    return new OnnxModel().number(1, 7).message(7, graph).message(8, operators).bytes.toByteArray();
  }

  private static OnnxModel integer(String name, int value) {
    return new OnnxModel().text(1, name).number(3, value).number(20, ATTRIBUTE_INT);
  }

  /** A float tensor of some rank, its sizes left open. */
  private static OnnxModel tensor(String name, int rank) {
    OnnxModel shape = new OnnxModel();
    for (int axis = 0; axis < rank; axis++) {
      shape.message(1, new OnnxModel().text(2, name + axis));
    }
    OnnxModel type = new OnnxModel().number(1, FLOAT).message(2, shape);
    return new OnnxModel().text(1, name).message(2, new OnnxModel().message(1, type));
  }

  private OnnxModel number(int field, long value) {
    varint((long) field << 3);
    varint(value);
    return this;
  }

  private OnnxModel text(int field, String value) {
    return block(field, value.getBytes(StandardCharsets.UTF_8));
  }

  private OnnxModel message(int field, OnnxModel value) {
    return block(field, value.bytes.toByteArray());
  }

  private OnnxModel block(int field, byte... content) {
    varint((long) field << 3 | 2);
    varint(content.length);
    bytes.writeBytes(content);
    return this;
  }

  private void varint(long value) {
    long rest = value;
    while (rest > 0x7f) {
      bytes.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes.write((int) rest);
  }
}
