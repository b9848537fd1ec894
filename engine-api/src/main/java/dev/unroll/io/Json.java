// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Small JSON trees: an object is a {@code Map<String, Object>} in the order of the text, an array a
 * {@code List<Object>}, and leaves are {@link String}, {@link Long}, {@link Double}, {@link
 * Boolean} or null. Numbers come back with the same bits they were written with.
 */
public final class Json {
  /** Deepest nesting that is read. */
  static final int MAX_DEPTH = 64;

  /** Longest file that is read, in bytes. */
  static final int MAX_BYTES = 100_000_000;

  // The generator's own shortest decimal form: Double.toString differs between JDK 17 and 19.
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNameLength(MAX_BYTES)
                  .maxStringLength(MAX_BYTES)
                  .build())
          .build();

  private static final String REMEDY = "restore the file from a copy or write it again";

  private Json() {}

  /**
   * Reads a JSON file (UTF-8).
   *
   * @param file what to read
   * @return the tree
   * @throws FileFormatException if it is missing, too long, not UTF-8 or not JSON
   */
  public static Object read(Path file) throws IOException {
    return parse(InputFiles.readText(file, MAX_BYTES), file);
  }

  /**
   * Reads a JSON file that must hold an object.
   *
   * @param file what to read
   * @return its members in the order of the file
   * @throws FileFormatException as {@link #read}, or if it is not an object
   */
  public static Map<String, Object> readObject(Path file) throws IOException {
    return asObject(read(file), file, "");
  }

  /**
   * Parses one JSON value.
   *
   * @param text JSON
   * @param file where the text comes from, for messages
   * @return the tree
   * @throws FileFormatException naming line and column: bad syntax, text after the value, the same
   *     name twice in an object, an integer beyond 64 bits, a number beyond double, nesting deeper
   *     than 64
   */
  public static Object parse(String text, Path file) throws FileFormatException {
    return parse(text, file, "");
  }

  /** Parses a text that is the part {@code where} of a file. */
  static Object parse(String text, Path file, String where) throws FileFormatException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      parser.nextToken();
      Object value = value(parser);
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "text after the end of the value");
      }
      return value;
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String line = at == null ? "" : "line " + at.getLineNr() + ", column " + at.getColumnNr();
      throw new FileFormatException(
          file, "is not valid JSON: " + e.getOriginalMessage(), where + line, REMEDY, e);
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail to be read", e);
    }
  }

  /**
   * Formats a tree over several lines, with a line feed at the end. A {@link LinkedHashMap} keeps
   * its order, any other map is written in ascending order of its names, so equal trees give equal
   * bytes in every process.
   *
   * @param value a tree; numbers may be any of Integer, Long, Float, Double
   * @return the text
   * @throws IllegalArgumentException for NaN, an infinity, or an object of another class
   */
  public static String toText(Object value) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentArraysWith(indenter);
    printer.indentObjectsWith(indenter);
    return format(value, printer) + "\n";
  }

  /**
   * Formats a tree on one line, without a line feed at the end (one line of a {@code .jsonl} file).
   *
   * @param value a tree, as for {@link #toText}
   * @return the text
   * @throws IllegalArgumentException as {@link #toText}
   */
  public static String toLine(Object value) {
    return format(value, null);
  }

  /**
   * Writes a tree into a file, atomically, in the form of {@link #toText}.
   *
   * @param file where to
   * @param value a tree, as for {@link #toText}
   * @throws IOException as {@link AtomicFiles#write}
   * @throws IllegalArgumentException as {@link #toText}
   */
  public static void write(Path file, Object value) throws IOException {
    AtomicFiles.writeText(file, toText(value));
  }

  /** Takes a value as an object, or says that the value at {@code where} is none. */
  @SuppressWarnings("unchecked") // value() makes every object with String keys
  static Map<String, Object> asObject(Object value, Path file, String where)
      throws FileFormatException {
    if (value instanceof Map) {
      return (Map<String, Object>) value;
    }
    throw new FileFormatException(file, "a JSON object is expected", where, REMEDY);
  }

  private static Object value(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new JsonParseException(parser, "the text ends where a value is expected");
    }
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> finite(parser);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new JsonParseException(parser, "unexpected " + token);
    };
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException {
    Map<String, Object> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, value(parser));
    }
    return members;
  }

  private static List<Object> array(JsonParser parser) throws IOException {
    List<Object> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value(parser));
    }
    return elements;
  }

  private static double finite(JsonParser parser) throws IOException {
    double number = parser.getDoubleValue();
    if (Double.isInfinite(number)) {
      throw new JsonParseException(parser, "number out of the range of double");
    }
    return number;
  }

  private static String format(Object value, DefaultPrettyPrinter printer) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      generator.setPrettyPrinter(printer);
      emit(value, generator);
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail to be written", e);
    }
    return text.toString();
  }

  private static void emit(Object value, JsonGenerator out) throws IOException {
    if (value instanceof Map<?, ?> map) {
      emitObject(map, out);
    } else if (value instanceof List<?> list) {
      out.writeStartArray();
      for (Object element : list) {
        emit(element, out);
      }
      out.writeEndArray();
    } else if (value instanceof String text) {
      out.writeString(text);
    } else if (value instanceof Long || value instanceof Integer) {
      out.writeNumber(((Number) value).longValue());
    } else if (value instanceof Double || value instanceof Float) {
      emitDouble(((Number) value).doubleValue(), out);
    } else if (value instanceof Boolean flag) {
      out.writeBoolean(flag);
    } else if (value == null) {
      out.writeNull();
    } else {
      throw new IllegalArgumentException("JSON has no form for " + value.getClass().getName());
    }
  }

  private static void emitObject(Map<?, ?> map, JsonGenerator out) throws IOException {
    out.writeStartObject();
    Map<?, ?> ordered = map instanceof LinkedHashMap ? map : new TreeMap<>(map);
    for (Map.Entry<?, ?> member : ordered.entrySet()) {
      out.writeFieldName((String) member.getKey());
      emit(member.getValue(), out);
    }
    out.writeEndObject();
  }

  private static void emitDouble(double number, JsonGenerator out) throws IOException {
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException(
          "JSON has no form for " + number + "; leave it out or write it as a string");
    }
    out.writeNumber(number);
  }
}
