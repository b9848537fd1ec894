// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import dev.unroll.io.FileFormatException;
import dev.unroll.text.Vocabulary;
import dev.unroll.text.VocabularyFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The byte pairs of GPT-2 (r50k_base, ready-made) that are most frequent in a text. Ids 0 to 255
 * are the single bytes, which spell what is not among the others: no text is unknown. Its file is a
 * JSON object {@code {"kind": "byte-pairs", "symbols": [...]}} with the ids that they have in
 * r50k_base.
 */
final class BytePairVocabulary implements Vocabulary {
  static final String KIND = "byte-pairs";
  private static final int BYTES = 256;

  /** Byte pairs and bytes of r50k_base; what follows are marks. */
  private static final int TOKENS = 50_256;

  private final Encoding encoding;
  private final List<Integer> tokens;
  private final List<byte[]> symbols = new ArrayList<>();
  private final Map<Integer, Integer> idsOfTokens = new HashMap<>();
  private final Map<String, Integer> ids = new HashMap<>();

  private BytePairVocabulary(Encoding encoding, List<Integer> tokens) {
    this.encoding = encoding;
    this.tokens = tokens;
    for (int b = 0; b < BYTES; b++) {
      symbols.add(new byte[] {(byte) b});
    }
    for (int token : tokens) {
      idsOfTokens.put(token, symbols.size());
      symbols.add(bytes(encoding, token));
    }
    for (int id = 0; id < symbols.size(); id++) {
      ids.put(symbol(id), id);
    }
  }

  private static Encoding encoding() {
    return Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
  }

  private static byte[] bytes(Encoding encoding, int token) {
    IntArrayList one = new IntArrayList(1);
    one.add(token);
    return encoding.decodeBytes(one);
  }

  /**
   * The most frequent byte pairs of a text; of equally frequent ones those that GPT-2 has first.
   *
   * @param most symbols at most, the 256 bytes among them
   */
  static BytePairVocabulary of(String text, int most) {
    Encoding encoding = encoding();
    Map<Integer, Long> counts =
        IntStream.of(encoding.encodeOrdinary(text).toArray())
            .boxed()
            .collect(Collectors.groupingBy(t -> t, Collectors.counting()));
    List<Integer> tokens =
        counts.entrySet().stream()
            .filter(e -> bytes(encoding, e.getKey()).length > 1)
            .sorted(
                Comparator.comparingLong((Map.Entry<Integer, Long> e) -> -e.getValue())
                    .thenComparing(Map.Entry::getKey))
            .limit((long) most - BYTES)
            .map(Map.Entry::getKey)
            .toList();
    return new BytePairVocabulary(encoding, tokens);
  }

  /**
   * Reads the file that {@link #save} wrote.
   *
   * @throws FileFormatException if it is missing or not such a file
   */
  static BytePairVocabulary load(Path file) throws IOException {
    Set<Integer> tokens = new LinkedHashSet<>();
    for (Object token : VocabularyFile.read(file, KIND)) {
      boolean known = token instanceof Long id && id >= 0 && id < TOKENS;
      if (!known || !tokens.add(((Long) token).intValue())) {
        throw VocabularyFile.fault(
            file, token + " is no token, or stands in it twice", "token " + tokens.size());
      }
    }
    return new BytePairVocabulary(encoding(), List.copyOf(tokens));
  }

  @Override
  public int size() {
    return symbols.size();
  }

  /** {@inheritDoc} What is no text by itself is in hexadecimal: {@code <0xe2><0x80>}. */
  @Override
  public String symbol(int id) {
    requireIds(id);
    byte[] bytes = symbols.get(id);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return IntStream.range(0, bytes.length)
          .mapToObj(i -> "<0x%02x>".formatted(bytes[i]))
          .collect(Collectors.joining());
    }
  }

  @Override
  public int id(String symbol) {
    Integer id = ids.get(symbol);
    if (id == null) {
      throw new IllegalArgumentException("vocabulary: '" + symbol + "' is not one of its symbols");
    }
    return id;
  }

  @Override
  public int[] encode(String text) {
    return IntStream.of(encoding.encodeOrdinary(text).toArray()).flatMap(this::spelled).toArray();
  }

  private IntStream spelled(int token) {
    Integer id = idsOfTokens.get(token);
    if (id != null) {
      return IntStream.of(id);
    }
    byte[] bytes = bytes(encoding, token);
    return IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xff);
  }

  /** {@inheritDoc} Half a character at the end is left out: more symbols may complete it. */
  @Override
  public String decode(int... ids) {
    requireIds(ids);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      bytes.writeBytes(symbols.get(id));
    }
    CharBuffer text = CharBuffer.allocate(bytes.size());
    StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .decode(ByteBuffer.wrap(bytes.toByteArray()), text, false);
    return text.flip().toString();
  }

  @Override
  public void save(Path file) throws IOException {
    VocabularyFile.write(file, KIND, tokens);
  }
}
