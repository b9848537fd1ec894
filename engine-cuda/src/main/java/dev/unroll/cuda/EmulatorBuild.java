// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.kernels.UserFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Compiles the emulated driver, once for each version of its sources, compiler and processor. */
final class EmulatorBuild {
  private static final String LIBRARY = "libcuda.so.1";
  private static final String SCRIPT = "build.sh";
  private static final int LINES_OF_LOG = 8;

  private EmulatorBuild() {}

  /**
   * The library, built if need be.
   *
   * @throws IOException with the cause and a remedy
   */
  static synchronized Path library() throws IOException {
    Optional<Path> built = built();
    if (built.isPresent()) {
      return built.get();
    }
    SortedMap<String, byte[]> sources = sources();
    UserFolder folder = folder(sources);
    Path library = folder.file(LIBRARY);
    try (FileChannel channel =
        FileChannel.open(
            folder.file("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock(); // until the channel is closed
      return Files.exists(library) ? library : compile(sources, folder, library);
    }
  }

  /**
   * The library, if it was built before.
   *
   * @throws IOException if it can not be built here; with the cause and a remedy
   */
  static Optional<Path> built() throws IOException {
    requirePlatform();
    return Optional.of(folder(sources()).file(LIBRARY)).filter(Files::exists);
  }

  private static UserFolder folder(SortedMap<String, byte[]> sources) throws IOException {
    return UserFolder.open("emulator/" + key(sources));
  }

  private static void requirePlatform() throws IOException {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!system.equals("Linux amd64")) {
      throw new IOException("the emulated driver is for Linux amd64, this is " + system);
    }
    if (Files.notExists(Path.of(System.getProperty("java.home"), "include", "jni.h"))) {
      throw new IOException(
          "the emulated driver needs jni.h to be built, and the Java in "
              + System.getProperty("java.home")
              + " has none; run with a JDK");
    }
  }

  /** All files of the emulator, by name. */
  private static SortedMap<String, byte[]> sources() throws IOException {
    try {
      URI script = EmulatorBuild.class.getResource("emulator/" + SCRIPT).toURI();
      if (!script.getScheme().equals("jar")) {
        return filesOf(Path.of(script).getParent());
      }
      String name = script.toString();
      Path jar = Path.of(URI.create(name.substring("jar:".length(), name.indexOf("!/"))));
      try (FileSystem content = FileSystems.newFileSystem(jar)) {
        return filesOf(content.getPath(name.substring(name.indexOf("!/") + 1)).getParent());
      }
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  private static SortedMap<String, byte[]> filesOf(Path folder) throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  /** The code is made for this processor, and links against this compiler's library. */
  private static String key(Map<String, byte[]> sources) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (Map.Entry<String, byte[]> source : sources.entrySet()) {
      all.writeBytes(source.getKey().getBytes(StandardCharsets.UTF_8));
      all.writeBytes(source.getValue());
    }
    all.writeBytes(compiler().getBytes(StandardCharsets.UTF_8));
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      String flags = lines.filter(line -> line.startsWith("flags")).findFirst().orElse("");
      all.writeBytes(flags.getBytes(StandardCharsets.UTF_8));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return UserFolder.hash(all.toByteArray());
  }

  private static String compiler() throws IOException {
    try {
      return run(new ProcessBuilder("g++", "--version"));
    } catch (IOException e) {
      throw new IOException(
          "the emulated driver needs g++ to be built, and there is none; install it (on Debian:"
              + " apt install g++)",
          e);
    }
  }

  private static Path compile(Map<String, byte[]> sources, UserFolder folder, Path library)
      throws IOException {
    Path work = Files.createTempDirectory(folder.path(), "build");
    try {
      for (Map.Entry<String, byte[]> source : sources.entrySet()) {
        Files.write(work.resolve(source.getKey()), source.getValue());
      }
      ProcessBuilder build =
          new ProcessBuilder("bash", work.resolve(SCRIPT).toString(), work.toString());
      build.environment().put("JAVA_HOME", System.getProperty("java.home"));
      run(build);
      return Files.move(work.resolve(LIBRARY), library, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(work);
    }
  }

  /** Runs to the end; what it printed is the result. */
  private static String run(ProcessBuilder command) throws IOException {
    Process process = command.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() == 0) {
        return output;
      }
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while building the emulated driver", e);
    }
    List<String> lines = output.lines().toList();
    throw new IOException(
        lines.stream()
            .skip(Math.max(0, lines.size() - LINES_OF_LOG))
            .collect(Collectors.joining("\n", "the emulated driver can not be built:\n", "")));
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
