// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench.pytorch;

import dev.unroll.bench.Benchmark;
import dev.unroll.bench.Cases;
import dev.unroll.bench.Engine;
import dev.unroll.bench.EngineServer;
import dev.unroll.bench.NetworkBenchmark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch;

/** PyTorch's C++ library (libtorch) through JavaCPP. */
final class TorchEngine implements Engine {
  private TorchEngine() {}

  /**
   * Serves PyTorch.
   *
   * @param args number of threads
   * @throws IOException if the input cannot be read
   */
  public static void main(String[] args) throws IOException {
    // Also where OpenBLAS would do: MKL is PyTorch at its best.
    System.setProperty("org.bytedeco.openblas.load", "mkl_rt");
    torch.set_num_threads(Integer.parseInt(args[0]));
    EngineServer.serve(new TorchEngine(), System.in, System.out);
  }

  @Override
  public String name() {
    // Libraries are loaded at their first use.
    torch.mm(torch.ones(64, 64), torch.ones(64, 64));
    return "PyTorch "
        + torch.TORCH_VERSION
        + ", "
        + torch.get_num_threads()
        + " threads, "
        + libraries();
  }

  /** The mathematics that was loaded; empty where the system does not tell. */
  private static String libraries() {
    Path maps = Path.of("/proc/self/maps");
    if (!Files.exists(maps)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(maps)) {
      return lines
          .map(line -> line.substring(line.lastIndexOf('/') + 1))
          .filter(name -> name.matches("lib(mkl_\\w*thread|mkl_avx\\w*|openblas|gomp|iomp)\\b.*"))
          .distinct()
          .collect(Collectors.joining(" "));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Run open(String name) {
    Benchmark benchmark = Cases.named(name);
    return benchmark instanceof NetworkBenchmark network
        ? new TorchNetwork(network.test(), network.training())
        : TorchOp.of(name);
  }
}
