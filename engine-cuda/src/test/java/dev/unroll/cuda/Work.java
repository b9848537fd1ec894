// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.cuda.LaunchRecorder.Launch;
import java.util.stream.IntStream;

/** How much a launch has to do, in the units of {@link KernelCosts}. */
final class Work {
  private static final String TILES = "matmul_tiles_";

  /** Terms of a chunk. */
  private static final int CHUNK = 256;

  private Work() {}

  /**
   * Multiply-adds of whole tiles for products; positions times rows times columns where a group
   * looks for its row of a table; elements for all others.
   */
  static long of(Launch launch) {
    if (isProduct(launch.kernel())) {
      return (long) launch.blocks()
          * tileRows(launch)
          * tileCols(launch)
          * depth(launch)
          / parts(launch);
    }
    return switch (launch.kernel()) {
      case "sum_finish" -> 1;
      case "cross_entropy_denominator", "cross_entropy_loss" -> launch.fromEnd(1);
      case "sgd_step" -> updated(launch, 7);
      case "adam_step", "rmsprop_step" -> updated(launch, 11);
      case "scatter_add" -> (long) launch.fromEnd(3) * launch.fromEnd(2) * launch.fromEnd(1);
      default -> (long) launch.fromEnd(2) * launch.fromEnd(1);
    };
  }

  /** Elements of the eight runs of an update; the last of the arguments of each is their number. */
  private static long updated(Launch launch, int argumentsOfRun) {
    return IntStream.range(0, 8).mapToLong(i -> launch.fromEnd(1 + i * argumentsOfRun)).sum();
  }

  static boolean isProduct(String kernel) {
    return kernel.startsWith(TILES);
  }

  /** Bytes that have to come from memory or go there once, if all that is read twice is at hand. */
  static double bytes(Launch launch, KernelCosts costs) {
    if (isProduct(launch.kernel())) {
      double m = launch.fromEnd(4);
      double n = launch.fromEnd(3);
      return 4 * (m * depth(launch) + depth(launch) * n + 2 * m * n * parts(launch));
    }
    if (launch.kernel().equals("scatter_add")) {
      return 4.0 * launch.fromEnd(3) * (1 + 3 * launch.fromEnd(1));
    }
    return (costs.loaded() + costs.stored()) * of(launch);
  }

  /** Slices that pass through shared memory one after the other in a block; 1 for no product. */
  static int slices(Launch launch) {
    return isProduct(launch.kernel())
        ? (depth(launch) / parts(launch) - 1) / sliceDepth(launch.kernel()) + 1
        : 1;
  }

  private static int depth(Launch launch) {
    return Math.max(1, launch.fromEnd(2));
  }

  private static int parts(Launch launch) {
    return launch.fromEnd(1) == 0 ? 1 : (depth(launch) - 1) / CHUNK + 1;
  }

  private static int tileRows(Launch launch) {
    return Integer.parseInt(launch.kernel().substring(TILES.length()));
  }

  private static int tileCols(Launch launch) {
    return tileRows(launch) == 128 ? 128 : 64;
  }

  /** As in kernels/device/cuda/matmul_tiles.cu. */
  private static int sliceDepth(String kernel) {
    return switch (kernel) {
      case TILES + "128" -> 8;
      case TILES + "8" -> 32;
      default -> 16;
    };
  }
}
