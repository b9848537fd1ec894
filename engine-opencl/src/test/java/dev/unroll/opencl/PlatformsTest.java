// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Backends;
import dev.unroll.Ops;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two drivers side by side: their devices keep their numbers and can be asked for by name. */
class PlatformsTest {
  private static final Path POCL = Path.of("/etc/OpenCL/vendors/pocl.icd");

  @TempDir Path folder;

  @Test
  void devicesOfSeveralPlatformsKeepTheirNumbersAndNames() throws Exception {
    Machine.requireDevice();
    if (!Files.exists(OclgrindTest.DRIVER) || !Files.exists(POCL)) {
      Machine.absent("oclgrind", "there are no two drivers; install oclgrind and pocl-opencl-icd");
    }
    String pocl = Files.readString(POCL);
    String oclgrind = OclgrindTest.DRIVER + "\n";
    List<String> one = devices("number", Map.of("a.icd", pocl, "b.icd", oclgrind));
    List<String> other = devices("name", Map.of("a.icd", oclgrind, "b.icd", pocl));
    assertThat(one).hasSizeGreaterThanOrEqualTo(2).isEqualTo(other);
    assertThat(one).anyMatch(d -> d.contains("Oclgrind")).anyMatch(d -> d.contains("PoCL"));
  }

  /** What a process with these drivers finds, and opens by number or name. */
  private List<String> devices(String by, Map<String, String> drivers)
      throws IOException, InterruptedException {
    Path vendors = Files.createDirectories(folder.resolve(by).resolve("vendors"));
    for (Map.Entry<String, String> driver : drivers.entrySet()) {
      Files.writeString(vendors.resolve(driver.getKey()), driver.getValue());
    }
    Map<String, String> environment = Map.of("OCL_ICD_VENDORS", vendors.toString());
    Fork.Result result = Fork.run(folder.resolve(by), 120, environment, Main.class, by);
    assertThat(result.exit()).as(result.toString()).isZero();
    return result.out().lines().toList();
  }

  /** Prints the devices, each of which must be what its number or its name opens. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      List<String> devices = new OpenClProvider().probe().devices();
      for (int i = 0; i < devices.size(); i++) {
        System.out.println("opencl:" + i + " " + devices.get(i));
        String name = devices.get(i).substring(0, devices.get(i).indexOf(','));
        String asked = "opencl:" + (arguments[0].equals("number") ? i : name);
        try (Ops ops = Backends.open(asked)) {
          if (!name.equals(ops.placement().device())) {
            throw new AssertionError(asked + " opens " + ops.placement().device());
          }
        }
      }
    }
  }
}
