// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Device code as one text: OpenCL C, or PTX that was compiled before. Each file starts with a
 * {@code #line} directive, so that a compiler's message names the file and the line a human would
 * open.
 *
 * @param text what is compiled
 */
public record Sources(String text) {
  private static final List<String> OPENCL =
      List.of(
          "portable_opencl.h",
          "functions.cl",
          "operands.cl",
          "elementwise.cl",
          "dropout.cl",
          "element_loss.cl",
          "lanes.cl",
          "sums.cl",
          "rows.cl",
          "cross_entropy.cl",
          "matmul.cl",
          "matmul_local.cl",
          "recurrent.cl",
          "index.cl",
          "optimisers.cl",
          "probe.cl",
          "opencl/matmul_registers.cl",
          "opencl/sequences.cl");

  /**
   * The sources that ship in this jar, for OpenCL.
   *
   * @return the whole program
   */
  public static Sources openCl() {
    Sources all = new Sources("");
    for (String file : OPENCL) {
      all = all.and(file, resource(file));
    }
    return all;
  }

  /**
   * These with one file more.
   *
   * @param file its name, for messages
   * @param code its content
   * @return the longer program
   */
  public Sources and(String file, String code) {
    return new Sources(text + "#line 1 \"" + file + "\"\n" + code + "\n");
  }

  /** A file of the folder device/. */
  static String resource(String file) {
    try (InputStream in = Sources.class.getResourceAsStream("/device/" + file)) {
      if (in == null) {
        throw new IllegalStateException(
            "the device source " + file + " is missing from the jar of unroll-kernels");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("can not read the device source " + file, e);
    }
  }
}
