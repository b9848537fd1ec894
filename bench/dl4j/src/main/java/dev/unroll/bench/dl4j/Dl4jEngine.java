// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench.dl4j;

import dev.unroll.bench.Cases;
import dev.unroll.bench.Engine;
import dev.unroll.bench.EngineServer;
import dev.unroll.bench.NetworkBenchmark;
import dev.unroll.bench.TrainingCase.Cell;
import java.io.IOException;
import org.nd4j.linalg.factory.Nd4j;

/** Deeplearning4j on its native backend. It has no GRU. */
final class Dl4jEngine implements Engine {
  private Dl4jEngine() {}

  /**
   * Serves Deeplearning4j.
   *
   * @param args number of threads, for the record: the environment sets it
   * @throws IOException if the input cannot be read
   */
  public static void main(String[] args) throws IOException {
    EngineServer.serve(new Dl4jEngine(), System.in, System.out);
  }

  @Override
  public String name() {
    return "DL4J 1.0.0-M2.1, "
        + Nd4j.getExecutioner().getEnvironmentInformation().getProperty("blas.vendor")
        + ", OMP_NUM_THREADS="
        + System.getenv("OMP_NUM_THREADS");
  }

  @Override
  public Run open(String name) {
    return Cases.named(name) instanceof NetworkBenchmark network
            && network.test().cell() != Cell.GRU
        ? new Dl4jNetwork(network.test(), network.training())
        : null;
  }
}
