// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import java.io.IOException;
import java.io.StringReader;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What {@code unroll tune} found to be fast, in the user's folder: a file for each device, driver
 * and version of {@code tuning.properties}. Its first line is the hash of the rest; a file that
 * does not match it is ignored aloud.
 */
final class StoredTuning {
  private static final System.Logger LOG = System.getLogger(StoredTuning.class.getName());

  private StoredTuning() {}

  /** The settings stored for a device; none if there is no file, or none that can be trusted. */
  static Map<String, String> load(DeviceInfo device) {
    try {
      Path file = UserFolder.open("tuning").file(name(device));
      String[] parts = Files.readString(file).split("\n", 2);
      if (parts.length == 2 && parts[0].equals(hash(parts[1]))) {
        return parsed(parts[1]);
      }
      ignored(file + " is damaged; run unroll tune again");
    } catch (NoSuchFileException e) {
      LOG.log(Level.DEBUG, () -> "not tuned: " + device.name());
    } catch (IOException | UnsupportedOperationException e) {
      ignored(e.toString());
    }
    return Map.of();
  }

  /** Stores settings in place of those stored before. */
  static Path store(DeviceInfo device, Map<String, String> settings) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append("# ").append(device.name()).append(", ").append(device.driver()).append('\n');
    new TreeMap<>(settings).forEach((k, v) -> text.append(k).append(" = ").append(v).append('\n'));
    String whole = hash(text.toString()) + "\n" + text;
    return UserFolder.open("tuning").write(name(device), whole.getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, String> parsed(String text) throws IOException {
    Properties properties = new Properties();
    properties.load(new StringReader(text));
    Map<String, String> settings = new TreeMap<>();
    properties.stringPropertyNames().forEach(k -> settings.put(k, properties.getProperty(k)));
    return settings;
  }

  private static String name(DeviceInfo device) {
    return hash(String.join("\n", device.name(), device.driver(), Tuning.defaults()));
  }

  private static String hash(String text) {
    return UserFolder.hash(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void ignored(String why) {
    LOG.log(Level.WARNING, "stored tuning is ignored: " + why);
  }
}
