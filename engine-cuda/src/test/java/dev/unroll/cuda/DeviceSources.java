// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Which kernels the device sources declare. */
final class DeviceSources {
  private static final Path FOLDER = Path.of("../kernels/device");
  private static final Pattern KERNEL = Pattern.compile("KERNEL (?:\\w+ )?void (\\w+)\\(");
  private static final Pattern ELEMENTWISE =
      Pattern.compile("KERNEL ELEMENTWISE\\w* void (\\w+)\\(");

  private DeviceSources() {}

  /** The kernels of one file, NAME.cl. */
  static Set<String> kernels(String name) throws IOException {
    return kernels(KERNEL, FOLDER.resolve(name + ".cl"));
  }

  /** The kernels of all files that take one element after the other. */
  static Set<String> elementwise() throws IOException {
    return kernels(ELEMENTWISE, FOLDER);
  }

  private static Set<String> kernels(Pattern kind, Path sources) throws IOException {
    Set<String> kernels = new HashSet<>();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        kind.matcher(Files.readString(file)).results().forEach(m -> kernels.add(m.group(1)));
      }
    }
    assertThat(kernels).as("%s", sources).isNotEmpty();
    return kernels;
  }
}
