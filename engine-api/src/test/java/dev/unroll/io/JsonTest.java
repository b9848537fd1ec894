// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static final Path FILE = Path.of("some", "config.json");

  @TempDir Path folder;

  @Test
  void aTreeComesBackAsItWas() throws IOException {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("zeta", 1L);
    tree.put("alpha", List.of("\n\u0000\"\\/é😀", true, false, -0.0, Long.MIN_VALUE));
    tree.put("", new ArrayList<>());
    tree.put("none", null);
    tree.put("inner", new LinkedHashMap<>(Map.of("x", 1e-3)));
    assertThat(parse(Json.toText(tree))).isEqualTo(tree);
    assertThat(parse(Json.toLine(tree))).isEqualTo(tree);
    assertThat(List.copyOf(((Map<?, ?>) parse(Json.toText(tree))).keySet()))
        .isEqualTo(List.copyOf(tree.keySet()));
    Path file = folder.resolve("tree.json");
    Json.write(file, tree);
    assertThat(Json.readObject(file)).isEqualTo(tree);
  }

  @Test
  void formatIsFixed() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("b", List.of(1, 2.5f));
    tree.put("a", Map.of());
    assertThat(Json.toText(tree))
        .isEqualTo("{\n  \"b\" : [\n    1,\n    2.5\n  ],\n  \"a\" : { }\n}\n");
    assertThat(Json.toLine(tree)).isEqualTo("{\"b\":[1,2.5],\"a\":{}}");
  }

  @Test
  void mapsWithoutAnOrderAreSorted() {
    Map<String, Object> tree = new HashMap<>();
    for (String name :
        List.of("the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog")) {
      tree.put(name, 0);
    }
    assertThat(Json.toLine(tree))
        .isEqualTo(
            "{\"a\":0,\"brown\":0,\"dog\":0,\"fox\":0,\"jumps\":0,\"lazy\":0,\"over\":0,"
                + "\"quick\":0,\"the\":0}");
  }

  @Test
  void doublesKeepTheirBits() throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      double number = Double.longBitsToDouble(random.nextLong());
      if (Double.isFinite(number)) {
        assertSameBits(number);
      }
    }
    for (double number : new double[] {0.0, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, 2.0, 0.1f}) {
      assertSameBits(number);
    }
  }

  private static void assertSameBits(double number) throws IOException {
    assertThat(Double.doubleToRawLongBits((Double) parse(Json.toLine(number))))
        .isEqualTo(Double.doubleToRawLongBits(number));
  }

  @Test
  void theTextOfADoubleDoesNotDependOnTheJdk() {
    // Double.toString gives 1.9999999999999998E23 for the second before JDK 19.
    assertThat(Json.toLine(List.of(0.002, Double.parseDouble("2e23")))).isEqualTo("[0.002,2.0E23]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\": 1,\\n \"b\": }|line 2, column 7",
        "{\"a\": 1, \"a\": 2}|Duplicate field 'a'",
        "[1, 2|line 1",
        "[1] 2|text after the end",
        "''|the text ends where a value is expected",
        "[1,]|line 1, column 4",
        "{a: 1}|line 1, column",
        "['a']|line 1, column",
        "[01]|line 1, column",
        "[NaN]|line 1, column",
        "// no\\n1|line 1, column 1",
        "[9223372036854775808]|line 1, column",
        "[1e999]|out of the range of double",
        "\"\\q\"|line 1, column",
        "nul|line 1, column",
      })
  void errorsNameFileLineAndColumn(String text, String expected) {
    assertThatThrownBy(() -> parse(text.replace("\\n", "\n")))
        .isInstanceOf(FileFormatException.class)
        .hasMessageStartingWith(FILE + ": is not valid JSON: ")
        .hasMessageContaining(expected)
        .hasMessageEndingWith("restore the file from a copy or write it again");
  }

  @Test
  void depthIsLimited() throws IOException {
    String deepest = "[".repeat(Json.MAX_DEPTH) + "]".repeat(Json.MAX_DEPTH);
    assertThat(parse(deepest)).isInstanceOf(List.class);
    assertThatThrownBy(() -> parse("[" + deepest + "]"))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("depth");
    assertThatThrownBy(() -> parse("[".repeat(1_000_000))).isInstanceOf(FileFormatException.class);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void numbersJsonDoesNotHaveAreRefused(double number) {
    assertThatThrownBy(() -> Json.toText(Map.of("loss", number)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Double.toString(number));
    assertThatThrownBy(() -> Json.toLine((float) number))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void otherClassesAreRefused() {
    assertThatThrownBy(() -> Json.toText(List.of(new int[3])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[I");
  }

  @Test
  void aFileThatIsNoObjectIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("list.json"), "[1]");
    assertThat(Json.read(file)).isEqualTo(List.of(1L));
    assertThatThrownBy(() -> Json.readObject(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("a JSON object is expected");
  }

  private static Object parse(String text) throws FileFormatException {
    return Json.parse(text, FILE);
  }
}
