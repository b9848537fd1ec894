// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.BackendException;
import dev.unroll.Buffer;
import dev.unroll.ElementType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs are built once, kept safely, and launched with what they declare. */
class KernelLibraryTest {
  private static final Sources SOURCES =
      new Sources("")
          .and(
              "scale.cl",
              "// KERNEL void commented(int n) {}\n"
                  + "KERNEL void scale(float factor,\n"
                  + "    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]\n"
                  + "    GLOBAL const int* ids, int ids0, GLOBAL float* y, int n) {\n}\n");
  private static final Grid GRID = Grid.of(1, 8);

  @TempDir Path folder;

  private final FakeDevice device = new FakeDevice("fake");
  private final Buffer floats = device.allocate(ElementType.FLOAT32, 12);
  private final Buffer ints = device.allocate(ElementType.INT32, 12);
  private String before;

  @BeforeEach
  void ownCache() {
    before = System.setProperty("unroll.cache", folder.resolve("cache").toString());
  }

  @AfterEach
  void restoreCache() {
    if (before == null) {
      System.clearProperty("unroll.cache");
    } else {
      System.setProperty("unroll.cache", before);
    }
  }

  // ---- the cache

  @Test
  void secondTimeNothingIsCompiled() {
    assertThat(new KernelLibrary(device, SOURCES).fromCache()).isFalse();
    assertThat(new KernelLibrary(device, SOURCES).fromCache()).isTrue();
    assertThat(device.compilations).isEqualTo(1);
  }

  @Test
  void otherDeviceDriverOrSourceIsAnotherProgram() {
    new KernelLibrary(device, SOURCES);
    assertThat(new KernelLibrary(new FakeDevice("other"), SOURCES).fromCache()).isFalse();
    Sources longer = SOURCES.and("more.cl", "KERNEL void more(int n) {}");
    assertThat(new KernelLibrary(device, longer).fromCache()).isFalse();
    DeviceInfo info = device.info();
    DeviceInfo updated =
        new DeviceInfo(info.type(), info.name(), "fake driver 2", "", info.units(), 64);
    assertThat(ProgramCache.key(info, "a")).isNotEqualTo(ProgramCache.key(updated, "a"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 64, 70, -1})
  void damagedProgramIsBuiltAnew(int length) throws IOException {
    new KernelLibrary(device, SOURCES);
    damage(onlyProgram(), length);
    assertThat(new KernelLibrary(device, SOURCES).fromCache()).isFalse();
    assertThat(new KernelLibrary(device, SOURCES).fromCache()).isTrue();
  }

  /** Cuts the file to a length, or with -1 changes its last byte. */
  private static void damage(Path file, int length) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      if (length >= 0) {
        bytes.setLength(length);
      } else {
        bytes.seek(bytes.length() - 1);
        bytes.write('x');
      }
    }
  }

  @Test
  void programThatTheDriverRefusesIsBuiltAnew() {
    new KernelLibrary(device, SOURCES);
    device.refusesBinaries = true;
    assertThat(new KernelLibrary(device, SOURCES).fromCache()).isFalse();
    assertThat(device.compilations).isEqualTo(2);
  }

  @Test
  void manyAtOnceAllGetAWholeProgram() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    CountDownLatch start = new CountDownLatch(1);
    try {
      List<Future<Long>> results = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        results.add(threads.submit(() -> openAndLaunch(start)));
      }
      start.countDown();
      for (Future<Long> result : results) {
        assertThat(result.get()).isEqualTo(20);
      }
    } finally {
      threads.shutdown();
    }
    try (Stream<Path> files = Files.list(onlyProgram().getParent())) {
      assertThat(files).as("nothing temporary is left").hasSize(1);
    }
  }

  private long openAndLaunch(CountDownLatch start) throws InterruptedException {
    start.await();
    long launches = 0;
    for (int i = 0; i < 20; i++) {
      KernelLibrary library = new KernelLibrary(new FakeDevice("fake"), SOURCES);
      library.launch("scale", GRID, 1f, x(), ints, 0, floats, 1);
      launches += library.launches();
    }
    return launches;
  }

  @Test
  void folderThatOthersMayWriteToIsNotUsed() throws IOException {
    new KernelLibrary(device, SOURCES);
    Path programs = onlyProgram().getParent();
    Files.setPosixFilePermissions(programs, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(new KernelLibrary(device, SOURCES).fromCache()).isFalse();
  }

  @Test
  void withoutFolderEverythingStillWorks() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file where the folder should be");
    assertThat(new KernelLibrary(device, SOURCES).fromCache()).isFalse();
  }

  private Path onlyProgram() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("cache/programs"))) {
      return files.reduce((a, b) -> null).orElseThrow();
    }
  }

  // ---- errors of the compiler

  @Test
  void compilersErrorIsToldWithItsPlaceAndTheWholeLog() {
    device.log = "warning: x\nscale.cl:3:7: error: use of undeclared 'y'\n  y = 1;\n";
    assertThatThrownBy(() -> new KernelLibrary(device, SOURCES))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("fake: the device code does not compile")
        .hasMessageContaining("scale.cl, line 3: use of undeclared 'y'")
        .hasMessageContaining("warning: x");
  }

  @Test
  void logWithoutPlaceIsToldAsItIs() {
    device.log = "internal compiler error";
    assertThatThrownBy(() -> new KernelLibrary(device, SOURCES))
        .hasMessageContaining("internal compiler error");
  }

  // ---- arguments

  @Test
  void rightArgumentsAreLaunchedAndCounted() {
    KernelLibrary library = new KernelLibrary(device, SOURCES);
    library.launch("scale", GRID, 1f, x(), ints, 0, floats, 1);
    assertThat(library.launches()).isEqualTo(1);
    assertThat(device.launched).containsExactly("scale " + GRID + " 9");
  }

  @Test
  void wrongArgumentsAreRefusedBeforeTheDriverSeesThem() {
    requireRefused("takes 9 arguments, got 8", 1f, x(), ints, 0, floats);
    requireRefused("takes 9 arguments, got 10", 1f, x(), ints, 0, floats, 1, 1);
    requireRefused(
        "argument 0, 'factor', must be FLOAT, got Integer 1", 1, x(), ints, 0, floats, 1);
    requireRefused("argument 8, 'n', must be INT, got Float", 1f, x(), ints, 0, floats, 1f);
    requireRefused("argument 8, 'n', must be INT, got Long", 1f, x(), ints, 0, floats, 1L);
    requireRefused("'ids', must be INTS, got a buffer of FLOAT32", 1f, x(), floats, 0, floats, 1);
    requireRefused("'y', must be FLOATS, got null", 1f, x(), ints, 0, null, 1);
    requireRefused("reaches beyond", 1f, new View(floats, 1, 3, 4, 4, 1), ints, 0, floats, 1);
    requireRefused("reaches beyond", 1f, new View(floats, -1, 1, 1, 1, 1), ints, 0, floats, 1);
    assertThat(device.launched).isEmpty();
  }

  @Test
  void argumentsOfPtxAreCheckedByCountTypeAndSize() {
    Sources ptx =
        new Sources(
            ".version 7.0\n.target sm_75\n.visible .entry scale(\n\t.param .f32 scale_param_0,\n"
                + "\t.param .u64 .ptr .align 1 scale_param_1, // [rows]\n"
                + "\t.param .u64 scale_param_2,\n\t.param .u32 scale_param_3\n)\n{\n\tret;\n}\n");
    KernelLibrary library = new KernelLibrary(device, ptx);
    library.launch("scale", GRID, 1f, floats, ints, 1);
    assertThat(device.launched).hasSize(1);
    Object[][] wrong = {
      {1f, floats, ints}, {1, floats, ints, 1}, {1f, floats, 1, 1}, {1f, 1, ints, 1}
    };
    for (Object[] arguments : wrong) {
      assertThatThrownBy(() -> library.launch("scale", GRID, arguments))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("kernel scale");
    }
    Sources struct = new Sources(".entry k(\n.param .align 8 .b8 k_param_0[16]\n)");
    assertThatThrownBy(() -> new KernelLibrary(device, struct))
        .hasMessageContaining("k_param_0[16]");
    assertThat(device.launched).hasSize(1);
  }

  @Test
  void unknownKernelAndTooLargeGroupAreRefused() {
    KernelLibrary library = new KernelLibrary(device, SOURCES);
    assertThatThrownBy(() -> library.launch("sclae", GRID))
        .hasMessageContaining("there is no kernel 'sclae'")
        .hasMessageContaining("scale");
    assertThatThrownBy(() -> library.launch("scale", Grid.of(1, FakeDevice.LIMIT + 1)))
        .hasMessageContaining("a group of 65 work-items is too large for fake, which allows 64");
  }

  private void requireRefused(String message, Object... arguments) {
    KernelLibrary library = new KernelLibrary(device, SOURCES);
    assertThatThrownBy(() -> library.launch("scale", GRID, arguments))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kernel scale")
        .hasMessageContaining(message);
  }

  private View x() {
    return new View(floats, 0, 3, 4, 4, 1);
  }
}
