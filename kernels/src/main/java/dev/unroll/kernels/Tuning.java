// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The numbers that a device is driven with, from {@code device/tuning.properties}. A key is looked
 * up as the system property {@code unroll.tuning.KEY}, then in what {@code unroll tune} has stored
 * for the device, then in the file as {@code TYPE@PART.KEY}, where PART occurs in the device's name
 * (spaces as underscores), then as {@code TYPE.KEY}, then as {@code KEY}. TYPE is cpu, gpu or
 * other. What was looked up once stays as it is until it is {@link #set}.
 */
final class Tuning {
  private static final String PROPERTY = "unroll.tuning.";

  private final DeviceInfo device;
  private final Map<String, String> stored;
  private final Map<String, String> file = new TreeMap<>();
  private final Map<String, String> found = new HashMap<>();
  private final Map<String, Integer> numbers = new HashMap<>();

  Tuning(DeviceInfo device) {
    this(device, defaults(), StoredTuning.load(device));
  }

  Tuning(DeviceInfo device, String text, Map<String, String> stored) {
    this.device = device;
    this.stored = stored;
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(text));
    } catch (IOException e) {
      throw new UncheckedIOException("a string can be read", e);
    }
    properties.stringPropertyNames().forEach(k -> file.put(k, properties.getProperty(k).strip()));
  }

  /** The file that ships with the kernels. */
  static String defaults() {
    return Sources.resource("tuning.properties");
  }

  /** What was stored for this device. */
  Map<String, String> stored() {
    return stored;
  }

  /** Whether a system property decides, whatever is stored. */
  static boolean isFixed(String key) {
    return System.getProperty(PROPERTY + key) != null;
  }

  /** Whether the device is a graphics processor. */
  boolean isForGpu() {
    return device.type() == DeviceInfo.Type.GPU;
  }

  /** Makes a value count from now on. */
  void set(String key, String value) {
    found.put(key, value);
    numbers.remove(key);
  }

  /** A number, at least 1. */
  int number(String key) {
    return numbers.computeIfAbsent(key, this::parsed);
  }

  private int parsed(String key) {
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
    return found.computeIfAbsent(key, this::find);
  }

  private String find(String key) {
    String set = System.getProperty(PROPERTY + key, stored.get(key));
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
