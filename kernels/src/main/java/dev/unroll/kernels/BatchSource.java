// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes the kernel {@code batch} from what the kernels declare: it runs a program of launches of
 * them. Its work-groups share the launches' groups as opencl/alone.h says.
 */
final class BatchSource {
  /** Kernels that are often launched so. Those with local memory can not be called. */
  static final List<String> KERNELS =
      List.of(
          "fill",
          "axpby",
          "copy",
          "binary",
          "activate",
          "activate_grad",
          "element_loss",
          "element_loss_grad",
          "gather",
          "scatter_add_columns",
          "matmul_pack",
          "matmul_pack_rows",
          "matmul_registers",
          "rnn_sequence",
          "rnn_sequence_grad",
          "lstm_sequence",
          "lstm_sequence_grad",
          "gru_sequence",
          "gru_sequence_grad",
          "sum_rows",
          "sum_columns",
          "sum_segments",
          "sum_finish",
          "norm_segments",
          "norm_finish",
          "clip_coefficient",
          "cross_entropy_denominator",
          "cross_entropy_rows_with_grad",
          "cross_entropy_loss",
          "sgd_step",
          "adam_step",
          "rmsprop_step",
          "dropout",
          "map",
          "layer_norm",
          "layer_norm_grad",
          "max_columns",
          "softmax",
          "softmax_grad",
          "log_softmax",
          "log_softmax_grad",
          "cross_entropy_rows",
          "cross_entropy_grad");

  /** What stands in place of the number of a kernel: a write, with buffer, place, count, values. */
  static final int STORE = KERNELS.size();

  /** Buffers that the launches of a batch can use: their parameters and some more fill 1 KB. */
  static final int SLOTS = 112;

  /** Words before the launches of a phase: groups in both dimensions, words of the launches. */
  static final int PHASE_WORDS = 3;

  private static final Pattern FUNCTION =
      Pattern.compile("\\b(?:KERNEL|DEVICE_FN)\\b[^;{}#(]*?\\b(\\w+)\\s*\\(");
  private static final Pattern KERNEL = Pattern.compile("\\bKERNEL\\b([^;{}#(]*?\\b\\w+\\s*\\()");

  private BatchSource() {}

  /** The sources with that kernel: all of them once more as functions it calls. */
  static Sources with(Sources sources) {
    String shared = sources.text().substring(sources.text().indexOf("#line", 1));
    String renamed =
        FUNCTION
            .matcher(shared)
            .results()
            .map(f -> "#define " + f.group(1) + " alone_" + f.group(1) + "\n")
            .distinct()
            .collect(Collectors.joining());
    String functions = KERNEL.matcher(shared).replaceAll("ALONE$1GROUP_OF_LAUNCH, ");
    return sources
        .and("opencl/alone.h", Sources.resource("opencl/alone.h") + renamed + functions)
        .and("batch.cl", code(Signature.parse(sources.text())));
  }

  private static String code(Map<String, Signature> signatures) {
    StringBuilder code = new StringBuilder();
    String memory =
        IntStream.range(0, SLOTS).mapToObj(i -> "m" + i).collect(Collectors.joining(", "));
    code.append("KERNEL void batch(GLOBAL const int* program, int parts, int groups, ")
        .append("GLOBAL int* progress, ")
        .append("GLOBAL float* ")
        .append(memory.replace(", ", ", GLOBAL float* "))
        .append(") {\n  GLOBAL float* m[] = {")
        .append(memory)
        .append("};\n  EACH_PART_BEGIN\n    switch (p[0]) {\n");
    for (int i = 0; i < KERNELS.size(); i++) {
      code.append("      case ").append(i).append(": ");
      code.append(call(signatures.get(KERNELS.get(i)))).append(" break;\n");
    }
    code.append("      case ").append(STORE).append(": ");
    code.append("store(m[p[1]], p[2], p[3], p + 4); p += 4 + p[3]; break;\n");
    return code.append("    }\n  EACH_PART_END\n}\n").toString();
  }

  private static String call(Signature signature) {
    List<Signature.Parameter> parameters = signature.parameters();
    String arguments =
        IntStream.range(0, parameters.size())
            .mapToObj(
                i -> {
                  String word = "p[" + (i + 1) + "]";
                  return switch (parameters.get(i).kind()) {
                    case FLOATS -> "m[" + word + "]";
                    case INTS -> "(GLOBAL int*) m[" + word + "]";
                    case FLOAT -> "AS_FLOAT(" + word + ")";
                    default -> word;
                  };
                })
            .collect(Collectors.joining(", "));
    String groups = "group0, group1, groups0, groups1, ";
    return signature.kernel()
        + "("
        + groups
        + arguments
        + "); p += "
        + (parameters.size() + 1)
        + ";";
  }
}
