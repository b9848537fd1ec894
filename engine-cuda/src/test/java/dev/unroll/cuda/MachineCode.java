// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.kernels.NativeLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.LibUtils;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/**
 * What a kernel needs of a processor once it is machine code.
 *
 * @param registers of a thread
 * @param shared bytes of a block
 * @param spilled bytes of local memory, for spilled registers and for arrays that have no register
 */
record MachineCode(int registers, int shared, int spilled) {
  private static final Pattern KERNEL =
      Pattern.compile(
          "Compiling entry function '(\\w+)'.*?(\\d+) bytes stack frame, (\\d+) bytes spill stores,"
              + " (\\d+) bytes spill loads.*?Used (\\d+) registers([^\n]*)",
          Pattern.DOTALL);
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  /** Limits of a multiprocessor, from NVIDIA's table of compute capabilities. */
  record Processor(int warps, int blocks, int shared, int reserved) {
    private static final int REGISTERS = 64 * 1024;

    /** Registers are given to warps in units of 256, eight to a thread. */
    private static final int REGISTER_STEP = 8;

    private static final int SHARED_STEP = 128;

    static Processor of(int capability) {
      return switch (capability) {
        case 75 -> new Processor(32, 16, 64 << 10, 0);
        case 80 -> new Processor(64, 32, 164 << 10, 1 << 10);
        case 86 -> new Processor(48, 16, 100 << 10, 1 << 10);
        case 89 -> new Processor(48, 24, 100 << 10, 1 << 10);
        case 90 -> new Processor(64, 32, 228 << 10, 1 << 10);
        default -> throw new IllegalArgumentException("sm_" + capability);
      };
    }

    /** Percent of the warps that can be resident at once. */
    int occupancy(MachineCode code, int threads) {
      int warpsOfBlock = (threads + 31) / 32;
      int registersOfWarp = 32 * up(code.registers(), REGISTER_STEP);
      int byRegisters = REGISTERS / registersOfWarp / warpsOfBlock;
      int sharedOfBlock = up(code.shared(), SHARED_STEP) + reserved;
      int byShared = sharedOfBlock == 0 ? blocks : shared / sharedOfBlock;
      int byWarps = warps / warpsOfBlock;
      int resident = Math.min(Math.min(byRegisters, byShared), Math.min(byWarps, blocks));
      return 100 * resident * warpsOfBlock / warps;
    }

    private static int up(int value, int step) {
      return (value + step - 1) / step * step;
    }
  }

  /** Compiles inside this process, with the compiler in JCuda's natives. */
  static Map<String, MachineCode> inProcess(String ptx, int capability) throws IOException {
    String library =
        LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName("JNvPTXCompiler-12.6.0"));
    NativeLibrary.unpack(LibUtils.class, library)
        .use(() -> JNvPTXCompiler.setExceptionsEnabled(true));
    byte[] code = (ptx + "\0").getBytes(StandardCharsets.US_ASCII);
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    JNvPTXCompiler.nvPTXCompilerCreate(compiler, code.length, code);
    try {
      String[] options = {"--gpu-name=sm_" + capability, "--verbose"};
      JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
      long[] size = new long[1];
      JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(compiler, size);
      byte[] log = new byte[(int) size[0] + 1];
      JNvPTXCompiler.nvPTXCompilerGetInfoLog(compiler, log);
      return parse(new String(log, StandardCharsets.US_ASCII));
    } finally {
      JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
    }
  }

  /** Compiles with the command ptxas. */
  static Map<String, MachineCode> byPtxas(Path folder, String ptx, int capability)
      throws IOException, InterruptedException {
    Path file = Files.writeString(folder.resolve("unroll.ptx"), ptx);
    String target = "-arch=sm_" + capability;
    return parse(Machine.output(folder, "ptxas", "-v", target, "-o", "/dev/null", file.toString()));
  }

  private static Map<String, MachineCode> parse(String log) {
    Map<String, MachineCode> found = new LinkedHashMap<>();
    Matcher m = KERNEL.matcher(log);
    while (m.find()) {
      Matcher shared = SHARED.matcher(m.group(6));
      int spilled = Arrays.stream(new int[] {2, 3, 4}).map(g -> Integer.parseInt(m.group(g))).sum();
      int bytes = shared.find() ? Integer.parseInt(shared.group(1)) : 0;
      found.put(m.group(1), new MachineCode(Integer.parseInt(m.group(5)), bytes, spilled));
    }
    assertThat(found).as(log).isNotEmpty();
    return found;
  }
}
