// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Ops;
import dev.unroll.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is stored is found again by the same device and by no other. */
class TunerTest {
  private static final Map<String, String> SETTINGS = Map.of("matmul.groups", "16", "x", "a b");

  @TempDir Path folder;

  @BeforeEach
  void ownCache() {
    System.setProperty("unroll.cache", folder.resolve("cache").toString());
  }

  @AfterEach
  void usersCache() {
    System.clearProperty("unroll.cache");
  }

  private static DeviceInfo device(String name) {
    return new FakeDevice(name, DeviceInfo.Type.CPU).info();
  }

  @Test
  void settingsAreFoundByTheirDeviceOnly() throws IOException {
    assertThat(StoredTuning.load(device("one"))).isEmpty();
    StoredTuning.store(device("one"), SETTINGS);
    assertThat(StoredTuning.load(device("one"))).isEqualTo(SETTINGS);
    assertThat(StoredTuning.load(device("two"))).isEmpty();
    DeviceInfo info = device("one");
    assertThat(
            StoredTuning.load(
                new DeviceInfo(info.type(), info.name(), "driver 2", "", 2, info.maxGroup())))
        .isEmpty();
  }

  @Test
  void storedComesBeforeTheFileAndAfterTheProperty() throws IOException {
    assertThat(new Tuning(device("one")).number("matmul.groups")).isNotEqualTo(16);
    StoredTuning.store(device("one"), SETTINGS);
    assertThat(new Tuning(device("one")).number("matmul.groups")).isEqualTo(16);
    System.setProperty("unroll.tuning.matmul.groups", "3");
    try {
      assertThat(new Tuning(device("one")).number("matmul.groups")).isEqualTo(3);
    } finally {
      System.clearProperty("unroll.tuning.matmul.groups");
    }
  }

  @Test
  void storingAgainReplaces() throws IOException {
    StoredTuning.store(device("one"), SETTINGS);
    StoredTuning.store(device("one"), Map.of());
    assertThat(StoredTuning.load(device("one"))).isEmpty();
  }

  @Test
  void damagedFileIsIgnored() throws IOException {
    Path file = StoredTuning.store(device("one"), SETTINGS);
    String whole = Files.readString(file);
    for (int end = 0; end < whole.length(); end += 5) {
      Files.writeString(file, whole.substring(0, end));
      assertThat(StoredTuning.load(device("one"))).as("%d bytes", end).isEmpty();
    }
    Files.writeString(file, whole.replace("16", "17"));
    assertThat(StoredTuning.load(device("one"))).isEmpty();
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 10, 0});
    assertThat(StoredTuning.load(device("one"))).isEmpty();
    Files.writeString(file, whole);
    assertThat(StoredTuning.load(device("one"))).isEqualTo(SETTINGS);
  }

  @Test
  void choiceWithOtherBitsIsNeverTaken() {
    FakeDevice device = new FakeDevice("fake", DeviceInfo.Type.CPU);
    DeviceBackend backend = open(device);
    float[] reads = {0};
    device.content = () -> reads[0]++;
    List<Tuner.Trial> trials = new ArrayList<>();
    try (Ops ops = new Ops(backend)) {
      assertThat(new Tuner(ops, backend).run(trials::add)).isEmpty();
      assertThat(ops.memory().liveBuffers()).isZero();
    }
    assertThat(trials).filteredOn(Tuner.Trial::taken).allMatch(Tuner.Trial::equal);
    assertThat(trials).filteredOn(t -> !t.taken()).isNotEmpty().noneMatch(Tuner.Trial::equal);
    assertThat(trials)
        .extracting(Tuner.Trial::key)
        .contains("matmul", "matmul.groups", "sequences", "elementwise.columns", "scatter")
        .doesNotContain("matmul.naive.group");
  }

  @Test
  void failureLeavesTheValueBefore() {
    FakeDevice device = new FakeDevice("fake", DeviceInfo.Type.CPU);
    DeviceBackend backend = open(device);
    int[] reads = {0};
    device.content =
        () -> {
          if (++reads[0] == 5) {
            throw new IllegalStateException("the device is gone");
          }
          return 0;
        };
    try (Ops ops = new Ops(backend)) {
      Tuner tuner = new Tuner(ops, backend);
      assertThatThrownBy(() -> tuner.run(t -> {})).hasMessage("the device is gone");
      assertThat(backend.tuning().text("matmul")).isEqualTo("registers");
    }
  }

  private static DeviceBackend open(FakeDevice device) {
    return DeviceBackend.open("fake", device, Sources.openCl(), Precision.FAST);
  }
}
