// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version, as Maven wrote it into the jar. */
final class Version implements IVersionProvider {
  private static final String FILE = "/META-INF/maven/dev.unroll/unroll-cli/pom.properties";

  @Override
  public String[] getVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream(FILE)) {
      if (in != null) {
        properties.load(in);
      }
    }
    return new String[] {"unroll " + properties.getProperty("version", "(from sources)")};
  }
}
