// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.text.TextFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The text that a recipe trains on.
 *
 * @param source absolute path of the file, or {@link #BUILT_IN}
 * @param text its content
 * @param sha256 of the content in UTF-8, in hexadecimal: what a resumed run compares
 */
record Corpus(String source, String text, String sha256) {
  /** Stands for the text that ships with a recipe. */
  static final String BUILT_IN = "built-in";

  /** Before the name of any file that ships: {@code --data built-in/seattle-weather.csv}. */
  private static final String SHIPPED = BUILT_IN + "/";

  /**
   * Reads a text.
   *
   * @param source path of a file, or {@link #BUILT_IN}
   * @param resource name of the recipe's own data, below the folder {@code data}; null for a recipe
   *     that generates its data
   * @throws dev.unroll.io.FileFormatException if the file is missing, empty or not UTF-8
   */
  static Corpus load(String source, String resource) throws IOException {
    if (source.startsWith(SHIPPED)) {
      String text = builtIn(source.substring(SHIPPED.length()));
      return new Corpus(source, text, sha256(text));
    }
    boolean builtIn = source.equals(BUILT_IN);
    String text = builtIn ? builtIn(resource) : TextFiles.read(Path.of(source));
    String name = builtIn ? BUILT_IN : Path.of(source).toAbsolutePath().normalize().toString();
    return new Corpus(name, text, sha256(text));
  }

  private static String builtIn(String resource) throws IOException {
    if (resource == null) {
      return "";
    }
    try (InputStream in = Corpus.class.getResourceAsStream("data/" + resource)) {
      if (in == null) {
        throw CliException.usage("--data: no file '" + resource + "' ships with unroll");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String sha256(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
