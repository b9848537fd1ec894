// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Further JVMs like this one. */
final class Jvm {
  private Jvm() {}

  /** A command with the options of this JVM; the path in front of its class path may be empty. */
  static List<String> command(String morePath, String main) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-javaagent"))
        .forEach(command::add);
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.add("-cp");
    command.add(morePath.isEmpty() ? path : morePath + File.pathSeparator + path);
    command.add(main);
    return command;
  }
}
