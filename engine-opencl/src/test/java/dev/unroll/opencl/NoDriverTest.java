// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Availability;
import dev.unroll.BackendException;
import dev.unroll.Backends;
import dev.unroll.Ops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines where OpenCL is not what it should be: one clear reason, one remedy, no crash. */
class NoDriverTest {
  @TempDir Path folder;

  @Test
  void withoutDriversTheReasonAndTheRemedyAreOneLineEach() throws Exception {
    requireOneLineEach(run(Files.createDirectory(folder.resolve("vendors")), folder.resolve("c")));
  }

  @Test
  void driverThatIsNotThereIsNoDevice() throws Exception {
    Path vendors = Files.createDirectory(folder.resolve("vendors"));
    Files.writeString(vendors.resolve("none.icd"), "/nowhere/libnone.so\n");
    requireOneLineEach(run(vendors, folder.resolve("c")));
  }

  @Test
  void driverThatIsNoLibraryIsNoDevice() throws Exception {
    Path vendors = Files.createDirectory(folder.resolve("vendors"));
    Path broken = Files.writeString(folder.resolve("libbroken.so"), "not a library");
    Files.writeString(vendors.resolve("broken.icd"), broken + "\n");
    requireOneLineEach(run(vendors, folder.resolve("c")));
  }

  @Test
  void loaderThatIsNoLibraryIsNoDevice() throws Exception {
    Path libraries = Files.createDirectory(folder.resolve("lib"));
    for (String name : new String[] {"libOpenCL.so", "libOpenCL.so.1"}) {
      Files.writeString(libraries.resolve(name), "not a library");
    }
    Fork.Result result =
        Fork.run(
            Files.createDirectories(folder.resolve("c")),
            60,
            Map.of("LD_LIBRARY_PATH", libraries.toString()),
            Main.class);
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out().lines().filter(line -> !line.startsWith("Could not load ")))
        .as(result + ", without what JOCL's library prints")
        .satisfiesExactly(
            usable -> assertThat(usable).isEqualTo("usable false"),
            reason -> assertThat(reason).contains("loader libOpenCL.so.1 can not be loaded"),
            remedy -> assertThat(remedy).contains("ocl-icd-libopencl1"),
            opened -> assertThat(opened).isEqualTo("unavailable true"),
            auto -> assertThat(auto).startsWith("auto cpu"));
  }

  private Fork.Result run(Path vendors, Path cache) throws IOException, InterruptedException {
    return Fork.run(
        Files.createDirectories(cache),
        60,
        Map.of("OCL_ICD_VENDORS", vendors.toString()),
        Main.class);
  }

  private static void requireOneLineEach(Fork.Result result) {
    assertThat(result.exit()).as(result.toString()).isZero();
    assertThat(result.out().lines())
        .satisfiesExactly(
            usable -> assertThat(usable).isEqualTo("usable false"),
            reason -> assertThat(reason).startsWith("reason ").contains("OpenCL"),
            remedy -> assertThat(remedy).startsWith("remedy ").contains("clinfo"),
            opened -> assertThat(opened).isEqualTo("unavailable true"),
            auto -> assertThat(auto).startsWith("auto cpu"));
  }

  /** What the other process does. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      Availability found = new OpenClProvider().probe();
      System.out.println("usable " + found.usable());
      System.out.println("reason " + found.reason());
      System.out.println("remedy " + found.remedy());
      try {
        Backends.open("opencl").close();
      } catch (BackendException e) {
        System.out.println("unavailable " + e.unavailable());
      }
      try (Ops best = Backends.open("auto")) {
        System.out.println("auto " + best.name());
      }
    }
  }
}
