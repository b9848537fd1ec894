// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes on one cache of built programs, while files in it are damaged and deleted. */
class SharedCacheTest {
  private static final int PROCESSES = 3;
  private static final int PROGRAMS = 4;
  private static final int ROUNDS = 150;

  @Test
  void nobodyGetsAProgramThatIsNotWhatWasBuilt(@TempDir Path folder) throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      processes.add(start(cache, folder.resolve("out" + i), i));
    }
    Random random = new Random(1);
    while (processes.stream().anyMatch(Process::isAlive)) {
      damage(cache.resolve("programs"), random);
    }
    for (int i = 0; i < PROCESSES; i++) {
      assertThat(processes.get(i).waitFor(60, TimeUnit.SECONDS)).isTrue();
      String out = Files.readString(folder.resolve("out" + i));
      assertThat(processes.get(i).exitValue()).as(out).isZero();
      assertThat(out.lines()).last().asString().matches("found [1-9]\\d* built [1-9]\\d*");
    }
  }

  private static Process start(Path cache, Path out, int number) throws IOException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            path,
            "-Dunroll.cache=" + cache,
            Main.class.getName(),
            Integer.toString(number))
        .redirectErrorStream(true)
        .redirectOutput(out.toFile())
        .start();
  }

  /** Cuts a file short, turns a byte of it, or deletes it; the processes may be faster. */
  private static void damage(Path programs, Random random) throws Exception {
    Path file = programs.resolve(Main.key(random.nextInt(PROGRAMS)));
    try {
      byte[] content = Files.readAllBytes(file);
      switch (random.nextInt(3)) {
        case 0 -> Files.deleteIfExists(file);
        case 1 -> write(file, Arrays.copyOf(content, random.nextInt(content.length)));
        default -> {
          content[random.nextInt(content.length)] ^= 1;
          write(file, content);
        }
      }
    } catch (IOException e) {
      // Not built yet, or gone again.
    }
    Thread.sleep(5);
  }

  private static void write(Path file, byte... content) throws IOException {
    Files.write(file, content, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
  }

  /** What the other processes do: they take programs from the cache, or build and keep them. */
  static final class Main {
    private Main() {}

    static String key(int program) {
      return UserFolder.hash(("program " + program).getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] build(int program) {
      return ("code of " + program + "; ").repeat(5000).getBytes(StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) {
      Random random = new Random(Long.parseLong(arguments[0]));
      ProgramCache cache = ProgramCache.open();
      int found = 0;
      int built = 0;
      for (int i = 0; i < ROUNDS; i++) {
        int program = random.nextInt(PROGRAMS);
        byte[] kept = cache.get(key(program)).orElse(null);
        if (kept == null) {
          cache.put(key(program), build(program));
          built++;
        } else if (Arrays.equals(kept, build(program))) {
          found++;
        } else {
          throw new AssertionError("another program than was built: " + program);
        }
      }
      System.out.println("found " + found + " built " + built);
    }
  }
}
