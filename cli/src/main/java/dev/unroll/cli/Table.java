// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.io.FileFormatException;
import dev.unroll.io.Json;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Rows of a data file: CSV, TSV (no quotes) or JSON lines, told apart by the end of its name; the
 * built-in files name their own. CSV and TSV have their columns' names in the first line.
 *
 * @param rows the values of the columns asked for, in that order; none of them is empty
 * @param lines the line of each row in its file
 */
record Table(List<String[]> rows, List<Long> lines) {
  /**
   * Reads the columns that a recipe needs; others are left out.
   *
   * @param corpus the file
   * @param resource the recipe's own file, which tells the format of a built-in one
   * @param columns names of the columns
   * @throws IllegalArgumentException naming the line, if a column or a value is missing or there
   *     are no rows
   */
  static Table read(Corpus corpus, String resource, String... columns) {
    String name = corpus.source().equals(Corpus.BUILT_IN) ? resource : corpus.source();
    Table table = new Table(new ArrayList<>(), new ArrayList<>());
    try {
      if (name.endsWith(".jsonl")) {
        table.readJson(corpus.text(), Path.of(name), columns);
      } else {
        CSVFormat format =
            name.endsWith(".csv")
                ? CSVFormat.RFC4180
                : CSVFormat.Builder.create().setDelimiter('\t').setQuote(null).get();
        table.readDelimited(format, corpus.text(), columns);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    if (table.rows.isEmpty()) {
      throw new IllegalArgumentException("there are no rows below the names of the columns");
    }
    return table;
  }

  private void readDelimited(CSVFormat format, String text, String... columns) throws IOException {
    CSVFormat named =
        format.builder().setHeader().setSkipHeaderRecord(true).setIgnoreEmptyLines(true).get();
    try (CSVParser parser = CSVParser.parse(new StringReader(text), named)) {
      for (String column : columns) {
        if (!parser.getHeaderMap().containsKey(column)) {
          throw new IllegalArgumentException(
              "line 1: there is no column '" + column + "'; there are " + parser.getHeaderNames());
        }
      }
      long line = 1;
      int at = 0;
      for (CSVRecord record : parser) {
        // Blank lines and line ends in quotes count, so the record's number does not tell the line.
        for (; at < record.getCharacterPosition() || "\r\n".indexOf(text.charAt(at)) >= 0; at++) {
          line += text.charAt(at) == '\n' ? 1 : 0;
        }
        if (!record.isConsistent()) {
          throw new IllegalArgumentException(
              "line "
                  + line
                  + ": has "
                  + record.size()
                  + " fields, but line 1 names "
                  + parser.getHeaderNames().size());
        }
        add(line, Arrays.stream(columns).map(record::get).toArray(String[]::new), columns);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void readJson(String text, Path file, String... columns) throws FileFormatException {
    long line = 0;
    for (String each : text.lines().toList()) {
      line++;
      if (!each.isBlank()) {
        if (!(parse(each, line, file) instanceof Map<?, ?> members)) {
          throw new IllegalArgumentException("line " + line + ": is not a JSON object");
        }
        add(
            line,
            Arrays.stream(columns)
                .map(c -> members.get(c) == null ? "" : members.get(c).toString())
                .toArray(String[]::new),
            columns);
      }
    }
  }

  private static Object parse(String text, long line, Path file) throws FileFormatException {
    try {
      return Json.parse(text, file);
    } catch (FileFormatException e) {
      // Once more with the lines before it, so that the message has the line of the file.
      return Json.parse("\n".repeat((int) line - 1) + text, file);
    }
  }

  private void add(long line, String[] values, String... columns) {
    for (int c = 0; c < columns.length; c++) {
      if (values[c].isBlank()) {
        throw new IllegalArgumentException("line " + line + ": '" + columns[c] + "' is empty");
      }
    }
    rows.add(values);
    lines.add(line);
  }

  /** The values of a column. */
  List<String> column(int c) {
    return rows.stream().map(row -> row[c]).toList();
  }

  /** The values of a column of numbers. */
  double[] numbers(int c) {
    double[] numbers = new double[rows.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number(rows.get(i)[c], "line " + lines.get(i) + ": ");
    }
    return numbers;
  }

  /** The numbers of a line, comma-separated. */
  static double[] numbers(String line) {
    String[] parts = line.split(",", -1);
    return IntStream.range(0, parts.length)
        .mapToDouble(i -> number(parts[i], "value " + (i + 1) + ": "))
        .toArray();
  }

  /** A number that a user wrote; {@code where} starts the message if it is none. */
  static double number(String text, String where) {
    try {
      double number = Double.parseDouble(text.strip());
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, with the place.
    }
    throw new IllegalArgumentException(where + "'" + text + "' is no finite number");
  }

  /** The different values of a column, sorted. */
  static List<String> labels(List<String> column) {
    return column.stream().distinct().sorted().toList();
  }

  /** How many rows each label has, the largest first: class balance for the user to see. */
  static String balance(List<String> column) {
    return column.stream()
        .collect(Collectors.groupingBy(label -> label, Collectors.counting()))
        .entrySet()
        .stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .map(e -> e.getKey() + " " + e.getValue())
        .collect(Collectors.joining(", "));
  }
}
