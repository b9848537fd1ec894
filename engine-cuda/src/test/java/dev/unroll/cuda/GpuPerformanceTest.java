// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.bench.Cases;
import dev.unroll.bench.NetworkBenchmark;
import dev.unroll.bench.TrainingCase;
import dev.unroll.bench.TrainingCase.Cell;
import dev.unroll.cuda.GpuModel.Card;
import dev.unroll.cuda.GpuModel.Sum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The figures of docs/gpu-performance.md come from counters, machine code and the model. */
class GpuPerformanceTest {
  private static final Path PAGE = Path.of("../docs/gpu-performance.md");
  private static final Path TABLE = Path.of("../docs/gpu-model.tsv");

  /** The networks that the papers of the page measure, as near as a training case comes. */
  private static final List<TrainingCase> PUBLISHED =
      List.of(
          new TrainingCase("RNN 1152 T=64", Cell.RNN, 1000, 1152, 1152, 1, 10, true, 4, 64, false),
          new TrainingCase(
              "LSTM 512 T=100", Cell.LSTM, 1000, 512, 512, 1, 10, true, 64, 100, false));

  @Test
  void costsAreWhatTheEmulatedDriverCounts() throws IOException {
    String table = KernelCosts.table(KernelCosts.counted());
    Emulated.requireNoReports();
    requireCommitted(KernelCosts.TABLE, table);
  }

  /** What the page says of the kernels that products and time steps take. */
  @Test
  void kernelsKeepTheirStaticBounds() throws IOException {
    Map<String, KernelCosts> costs = KernelCosts.committed();
    costs.forEach(
        (kernel, c) -> {
          assertThat(c.instructions()).as("instructions of %s", kernel).isBetween(1.0, 1e4);
          if (Work.isProduct(kernel)) {
            assertThat(c.conflicts()).as("bank conflicts of %s", kernel).isZero();
            assertThat(c.divergent()).as("divergence of %s", kernel).isLessThanOrEqualTo(5);
          }
          if (!kernel.equals("sum_finish")) {
            assertThat(c.used()).as("sectors of %s", kernel).isGreaterThanOrEqualTo(75);
          }
        });
    assertThat(costs.get("matmul_tiles_128").instructions()).isLessThan(1.6);
    assertThat(costs.get("matmul_tiles_64").instructions()).isLessThan(2);
  }

  @Test
  void pageHoldsWhatTheModelGives() throws IOException {
    GpuModel model = new GpuModel();
    String steps = steps(model, Cases.NETWORKS);
    String published = steps(model, PUBLISHED);
    Path fresh = Files.writeString(Path.of("target/gpu-steps.md"), steps + "\n\n" + published);
    requireCommitted(TABLE, kernels(model));
    assertThat(Files.readString(PAGE))
        .as("its two tables of steps are now those of engine-cuda/%s", fresh)
        .contains(steps)
        .contains(published);
  }

  private static void requireCommitted(Path committed, String table) throws IOException {
    Path fresh = Files.writeString(Path.of("target").resolve(committed.getFileName()), table);
    assertThat(Files.exists(committed) ? Files.readString(committed) : "")
        .as("run: cp engine-cuda/%s docs/", fresh)
        .isEqualTo(table);
  }

  /** Every kernel of every step on every card. */
  private static String kernels(GpuModel model) {
    StringBuilder text = new StringBuilder("case\tbatch\tcard\tkernel\tlaunches\tblocks\tmb\tus\n");
    for (TrainingCase network : Cases.NETWORKS) {
      for (Card card : GpuModel.CARDS) {
        for (Sum sum : model.step(network, card).values()) {
          text.append(
              String.format(
                  Locale.ROOT,
                  "%s\t%d\t%s\t%s\t%d\t%d\t%.3f\t%.1f\n",
                  network.name(),
                  network.batch(),
                  card.name(),
                  sum.kernel(),
                  sum.launches(),
                  sum.blocks(),
                  sum.bytes() / 1e6,
                  sum.nanos() / 1e3));
        }
      }
    }
    return text.toString();
  }

  /** A line of the page's table for each network and card. */
  private static String steps(GpuModel model, List<TrainingCase> networks) {
    List<String> lines = new ArrayList<>();
    for (TrainingCase network : networks) {
      double flops = new NetworkBenchmark(network, true).work().flops();
      for (Card card : GpuModel.CARDS) {
        Sum sum = GpuModel.total(model.step(network, card));
        lines.add(
            String.format(
                Locale.ROOT,
                "| %s, B=%d | %s | %d | %.2f | %.1f | %.2f | %.0f %% | %.0f %% | %.1f %% |",
                network.name(),
                network.batch(),
                card.name(),
                sum.launches(),
                flops / 1e9,
                sum.bytes() / 1e6,
                sum.nanos() / 1e6,
                100 * sum.gap() / sum.nanos(),
                100 * sum.waiting() / sum.nanos(),
                100 * flops / card.peak() / sum.nanos()));
      }
    }
    return String.join("\n", lines);
  }
}
