// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.ElementType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a kernel declares, read from its source or its PTX, so that a launch can be checked on the
 * host: a driver tells wrong arguments late, unclearly, or not at all.
 *
 * @param kernel name of the kernel
 * @param parameters in order
 */
record Signature(String kernel, List<Parameter> parameters) {
  private static final Pattern COMMENT = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
  private static final Pattern KERNEL =
      Pattern.compile("\\bKERNEL\\b[^;{}#]*?\\bvoid\\s+(\\w+)\\s*\\(([^)]*)\\)");
  private static final Pattern PARAMETER =
      Pattern.compile("(?:(GLOBAL)\\s+)?(?:const\\s+)?(float|int)\\s*(\\*?)\\s*(\\w+)");
  private static final Pattern PTX_KERNEL = Pattern.compile("\\.entry\\s+(\\w+)\\s*\\(([^)]*)\\)");
  private static final Pattern PTX_PARAMETER =
      Pattern.compile("\\.param\\s+\\.(u64|u32|f32)\\s+(?:\\.ptr\\s[^,]*\\s)?(\\w+)");

  Signature {
    parameters = List.copyOf(parameters);
  }

  /** What may be passed to a kernel; all take four bytes or are memory of four-byte elements. */
  enum Kind {
    FLOATS,
    INTS,
    /** What PTX says of either. */
    MEMORY,
    FLOAT,
    INT;

    boolean accepts(Object value) {
      return switch (this) {
        case FLOATS -> value instanceof Buffer b && b.type() == ElementType.FLOAT32;
        case INTS -> value instanceof Buffer b && b.type() == ElementType.INT32;
        case MEMORY -> value instanceof Buffer;
        case FLOAT -> value instanceof Float;
        case INT -> value instanceof Integer;
      };
    }
  }

  /** One parameter. */
  record Parameter(Kind kind, String name) {}

  /** All kernels of a source text, by name. */
  static Map<String, Signature> parse(String source) {
    Map<String, Signature> found = new LinkedHashMap<>();
    String code = COMMENT.matcher(source).replaceAll(" ");
    boolean ptx = PTX_KERNEL.matcher(code).find();
    Matcher kernels = (ptx ? PTX_KERNEL : KERNEL).matcher(code);
    while (kernels.find()) {
      String name = kernels.group(1);
      if (found.put(name, new Signature(name, parameters(name, kernels.group(2), ptx))) != null) {
        throw new IllegalArgumentException("kernel " + name + " is defined twice");
      }
    }
    return found;
  }

  /** Refuses arguments that the kernel does not declare so. */
  void check(List<Object> arguments) {
    if (arguments.size() != parameters.size()) {
      throw new IllegalArgumentException(
          "kernel "
              + kernel
              + " takes "
              + parameters.size()
              + " arguments, got "
              + arguments.size()
              + "; it declares "
              + this);
    }
    for (int i = 0; i < parameters.size(); i++) {
      if (!parameters.get(i).kind().accepts(arguments.get(i))) {
        throw new IllegalArgumentException(
            "kernel "
                + kernel
                + ": argument "
                + i
                + ", '"
                + parameters.get(i).name()
                + "', must be "
                + parameters.get(i).kind()
                + ", got "
                + told(arguments.get(i)));
      }
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(kernel).append('(');
    for (Parameter p : parameters) {
      text.append(text.charAt(text.length() - 1) == '(' ? "" : ", ");
      text.append(p.kind()).append(' ').append(p.name());
    }
    return text.append(')').toString();
  }

  private static String told(Object value) {
    if (value instanceof Buffer buffer) {
      return "a buffer of " + buffer.type();
    }
    return value == null ? "null" : value.getClass().getSimpleName() + " " + value;
  }

  private static List<Parameter> parameters(String kernel, String text, boolean ptx) {
    List<Parameter> parameters = new ArrayList<>();
    for (String part : text.strip().split(",")) {
      Matcher m = (ptx ? PTX_PARAMETER : PARAMETER).matcher(part.strip());
      if (!m.matches() || !(ptx || (m.group(1) == null) == m.group(3).isEmpty())) {
        throw new IllegalArgumentException(
            "kernel " + kernel + ": can not read the parameter '" + part.strip() + "'");
      }
      parameters.add(ptx ? ptxParameter(m) : parameter(m));
    }
    return parameters;
  }

  private static Parameter parameter(Matcher m) {
    boolean floats = m.group(2).equals("float");
    boolean memory = m.group(1) != null;
    Kind kind = memory ? floats ? Kind.FLOATS : Kind.INTS : floats ? Kind.FLOAT : Kind.INT;
    return new Parameter(kind, m.group(4));
  }

  private static Parameter ptxParameter(Matcher m) {
    Kind kind =
        switch (m.group(1)) {
          case "u64" -> Kind.MEMORY;
          case "f32" -> Kind.FLOAT;
          default -> Kind.INT;
        };
    return new Parameter(kind, m.group(2));
  }
}
