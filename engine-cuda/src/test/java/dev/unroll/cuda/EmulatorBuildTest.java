// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Availability;
import dev.unroll.BackendException;
import dev.unroll.BackendProvider;
import dev.unroll.kernels.NativeLibrary;
import dev.unroll.kernels.UserFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jcuda.LibUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The emulated driver as a library, and the reasons why there is none. */
class EmulatorBuildTest {
  @TempDir Path folder;

  /** What the provider says in a process of its own. */
  static final class Probe {
    private Probe() {}

    public static void main(String... arguments) {
      BackendProvider provider = new EmulatedProvider();
      Availability found = provider.probe();
      System.out.println(found.usable() + "\n" + found.reason() + "\n" + found.remedy());
      assertThatThrownBy(() -> provider.open(0, BackendProvider.Options.DEFAULT))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining(found.reason());
    }
  }

  private List<String> probe(Map<String, String> environment) throws Exception {
    Fork.Result result = Fork.run(folder, 60, environment, List.of(), Probe.class);
    assertThat(result.exit()).as(result.toString()).isZero();
    return result.out().lines().toList();
  }

  @Test
  void withoutACompiler() throws Exception {
    assertThat(probe(Map.of("PATH", folder.toString())))
        .containsExactly(
            "false",
            "the emulated driver needs g++ to be built, and there is none; install it (on Debian:"
                + " apt install g++)",
            "use another backend, such as cpu");
  }

  @Test
  void notBuiltYet() throws Exception {
    Machine.requireCommand("g++");
    assertThat(probe(Map.of()))
        .containsExactly(
            "false",
            "the emulated CUDA driver is not built",
            "run `unroll doctor --build-emulator`");
  }

  @Test
  void hasAllThatJcudaLinksAgainst() throws Exception {
    Machine.requireCommand("g++");
    Machine.requireCommand("nm");
    Path library = EmulatedDriver.build();
    assertThat(EmulatedDriver.build()).isEqualTo(library);
    Path jcuda =
        NativeLibrary.unpack(LibUtils.class, "libJCudaDriver-12.6.0-linux-x86_64.so").file();
    Set<String> needed = symbols(jcuda, "--undefined-only");
    assertThat(needed).hasSizeGreaterThan(300);
    assertThat(symbols(library, "--defined-only")).containsAll(needed);
  }

  private Set<String> symbols(Path library, String kind) throws Exception {
    return Machine.output(folder, "nm", "-D", kind, library.toString())
        .lines()
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .filter(name -> name.matches("cu[A-Z].*"))
        .collect(Collectors.toSet());
  }

  /** Each opcode of the machine against plain C++ or known answers. */
  @Test
  void opcodes() throws Exception {
    Machine.requireCommand("g++");
    Path sources = Path.of("src", "emulator");
    Path target = Path.of("target", "emulator-" + hash(sources));
    Path tests = target.resolve("emulator-tests");
    if (!Files.exists(tests)) {
      String script = sources.resolve("build.sh").toString();
      Machine.output(folder, "bash", script, "--tests", target.toString());
    }
    Machine.output(folder, tests.toString());
  }

  private static String hash(Path sources) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        all.writeBytes(Files.readAllBytes(file));
      }
    }
    return UserFolder.hash(all.toByteArray()).substring(0, 16);
  }
}
