// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The numbers that a device is driven with, from {@code device/tuning.properties}. A key is looked
 * up as the system property {@code unroll.tuning.KEY}, then in the file as {@code TYPE@PART.KEY},
 * where PART occurs in the device's name (spaces as underscores), then as {@code TYPE.KEY}, then as
 * {@code KEY}. TYPE is cpu, gpu or other.
 */
final class Tuning {
  private final DeviceInfo device;
  private final Map<String, String> file = new TreeMap<>();

  Tuning(DeviceInfo device) {
    this(device, Sources.resource("tuning.properties"));
  }

  Tuning(DeviceInfo device, String text) {
    this.device = device;
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(text));
    } catch (IOException e) {
      throw new UncheckedIOException("a string can be read", e);
    }
    properties.stringPropertyNames().forEach(k -> file.put(k, properties.getProperty(k).strip()));
  }

  /** A number, at least 1. */
  int number(String key) {
    String value = text(key);
    try {
      int number = Integer.parseInt(value);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        "tuning: " + key + " must be a number of at least 1, not '" + value + "'");
  }

  /** A word. */
  String text(String key) {
    String set = System.getProperty("unroll.tuning." + key);
    if (set != null) {
      return set;
    }
    String type = device.type().name().toLowerCase(Locale.ROOT);
    String named = forName(type + "@", "." + key);
    String value = named != null ? named : file.getOrDefault(type + "." + key, file.get(key));
    if (value == null) {
      throw new IllegalArgumentException("tuning: there is no default for '" + key + "'");
    }
    return value;
  }

  private String forName(String start, String end) {
    String name = device.name().toLowerCase(Locale.ROOT).replace(' ', '_');
    for (Map.Entry<String, String> entry : file.entrySet()) {
      String key = entry.getKey();
      if (key.startsWith(start)
          && key.endsWith(end)
          && key.length() > start.length() + end.length()
          && name.contains(key.substring(start.length(), key.length() - end.length()))) {
        return entry.getValue();
      }
    }
    return null;
  }
}
