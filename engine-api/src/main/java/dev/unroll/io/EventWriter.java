// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.util.zip.CRC32C;

/**
 * Writes a TensorBoard event file: {@code events.out.tfevents.SECONDS.HOST}.
 *
 * <p>A file is a sequence of TFRecords (length, masked CRC-32C of the length, data, masked CRC-32C
 * of the data; integers little-endian), each holding one {@code Event} message in protobuf's wire
 * format; the numbers of the fields are those of TensorFlow's {@code event.proto}, {@code
 * summary.proto}, {@code histogram.proto} and {@code tensor.proto}. What was written before a crash
 * stays readable.
 */
public final class EventWriter implements Closeable {
  private static final int DT_STRING = 7;
  private static final int CRC_MASK_DELTA = 0xa282ead8;

  private final Path file;
  private final OutputStream out;
  private final Clock clock;

  /**
   * Starts a new event file.
   *
   * @param folder an existing folder; TensorBoard's name of the run
   * @throws IOException naming the folder if no file can be made in it
   */
  public EventWriter(Path folder) throws IOException {
    this(folder, Clock.systemUTC());
  }

  EventWriter(Path folder, Clock clock) throws IOException {
    this.clock = clock;
    file = create(folder, "events.out.tfevents." + clock.instant().getEpochSecond() + "." + host());
    out = new BufferedOutputStream(Files.newOutputStream(file));
    write(event(0).text(3, "brain.Event:2"));
    flush();
  }

  /**
   * The file that is written.
   *
   * @return its path
   */
  public Path file() {
    return file;
  }

  /**
   * Writes one point of a curve.
   *
   * @param tag name of the curve; a slash makes a group
   * @param step training step
   * @param value any float, NaN too
   * @throws IOException if it cannot be written
   */
  public void scalar(String tag, long step, float value) throws IOException {
    ProtoMessage point = new ProtoMessage().text(1, tag).fixed32(2, Float.floatToIntBits(value));
    write(event(step).message(5, new ProtoMessage().message(1, point)));
  }

  /**
   * Writes a text, which TensorBoard shows as Markdown.
   *
   * @param tag name of the series
   * @param step training step
   * @param text Markdown
   * @throws IOException if it cannot be written
   */
  public void text(String tag, long step, String text) throws IOException {
    ProtoMessage shape = new ProtoMessage().message(2, new ProtoMessage().varint(1, 1));
    ProtoMessage tensor = new ProtoMessage().varint(1, DT_STRING).message(2, shape).text(8, text);
    ProtoMessage plugin = new ProtoMessage().text(1, "text");
    ProtoMessage value =
        new ProtoMessage()
            .text(1, tag)
            .message(8, tensor)
            .message(9, new ProtoMessage().message(1, plugin));
    write(event(step).message(5, new ProtoMessage().message(1, value)));
  }

  /**
   * Writes how values are spread, in 30 equally wide buckets. Values that are not finite are left
   * out.
   *
   * @param tag name of the series
   * @param step training step
   * @param values such as the weights of a layer
   * @throws IOException if it cannot be written
   */
  public void histogram(String tag, long step, float[] values) throws IOException {
    Histogram h = Histogram.of(values);
    ProtoMessage spread =
        new ProtoMessage()
            .fixed64(1, Double.doubleToLongBits(h.low()))
            .fixed64(2, Double.doubleToLongBits(h.high()))
            .fixed64(3, Double.doubleToLongBits(h.count()))
            .fixed64(4, Double.doubleToLongBits(h.sum()))
            .fixed64(5, Double.doubleToLongBits(h.squares()))
            .doubles(6, h.limits())
            .doubles(7, h.counts());
    ProtoMessage value = new ProtoMessage().text(1, tag).message(5, spread);
    write(event(step).message(5, new ProtoMessage().message(1, value)));
  }

  /**
   * Hands everything written so far to the operating system.
   *
   * @throws IOException if it cannot be written
   */
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }

  private ProtoMessage event(long step) {
    double seconds = clock.millis() / 1e3;
    return new ProtoMessage().fixed64(1, Double.doubleToLongBits(seconds)).varint(2, step);
  }

  private void write(ProtoMessage event) throws IOException {
    byte[] data = event.toByteArray();
    ByteBuffer record =
        ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length);
    record.putInt(maskedCrc(record.array(), Long.BYTES));
    record.put(data).putInt(maskedCrc(data, data.length));
    out.write(record.array());
  }

  /** CRC-32C, rotated right by 15 bits and offset, as TFRecord demands. */
  static int maskedCrc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK_DELTA;
  }

  /** Makes a new file: a number follows the name when another run started in the same second. */
  private static Path create(Path folder, String name) throws IOException {
    Path candidate = folder.resolve(name);
    for (int number = 1; Files.exists(candidate, LinkOption.NOFOLLOW_LINKS); number++) {
      candidate = folder.resolve(name + "." + number);
    }
    try {
      return Files.createFile(candidate);
    } catch (IOException e) {
      throw new IOException(
          "cannot make an event file in the folder "
              + folder
              + ": "
              + e
              + "; create it, check its rights, or name another",
          e);
    }
  }

  // Not InetAddress: looking up the host's own name can wait seconds for a name server.
  private static String host() {
    String host = System.getenv("HOSTNAME");
    return host == null || host.isBlank() ? "localhost" : host.replaceAll("[^A-Za-z0-9.-]", "_");
  }
}
