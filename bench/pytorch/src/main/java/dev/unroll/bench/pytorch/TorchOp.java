// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench.pytorch;

import dev.unroll.bench.Engine;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** An operation of the table: the ones that PyTorch has as one call. */
final class TorchOp implements Engine.Run {
  private final Runnable body;

  private TorchOp(Runnable body) {
    this.body = body;
  }

  /** The operation of that name; null if there is none. */
  static TorchOp of(String name) {
    String[] words = name.split(" ");
    if (name.endsWith(" cold")) {
      return null;
    }
    Runnable body =
        switch (words[0]) {
          case "matmul" -> product(sizes(words[1]), words.length > 2 ? words[2] : "NN");
          case "activate", "map" -> function(words[1], sizes(words[2]));
          case "softmax" -> softmax(sizes(words[1]));
          case "crossEntropyWithGrad" -> crossEntropy(sizes(words[1]));
          default -> null;
        };
    return body == null ? null : new TorchOp(body);
  }

  private static long[] sizes(String text) {
    return Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
  }

  private static Tensor random(long rows, long cols) {
    float[] values = new float[(int) (rows * cols)];
    Random random = new Random(7);
    for (int i = 0; i < values.length; i++) {
      values[i] = 6 * random.nextFloat() - 3;
    }
    return Tensor.create(values, rows, cols);
  }

  private static Runnable product(long[] mkn, String kind) {
    Tensor a = kind.equals("TN") ? random(mkn[1], mkn[0]).t() : random(mkn[0], mkn[1]);
    Tensor b = kind.equals("NT") ? random(mkn[2], mkn[1]).t() : random(mkn[1], mkn[2]);
    Tensor out = random(mkn[0], mkn[2]);
    return () -> torch.mm_out(out, a, b);
  }

  private static Runnable function(String f, long... size) {
    Tensor x = random(size[0], size[1]);
    Tensor y = random(size[0], size[1]);
    return switch (f) {
      case "tanh" -> () -> torch.tanh_out(y, x);
      case "sigmoid" -> () -> torch.sigmoid_out(y, x);
      case "exp" -> () -> torch.exp_out(y, x);
      case "gelu_erf" -> () -> torch.gelu_out(y, x);
      default -> null;
    };
  }

  private static Runnable softmax(long... size) {
    Tensor x = random(size[0], size[1]);
    Tensor y = random(size[0], size[1]);
    return () -> torch.softmax_out(y, x, 1);
  }

  private static Runnable crossEntropy(long... size) {
    Tensor logits = random(size[0], size[1]).set_requires_grad(true);
    long[] classes = new long[(int) size[0]];
    Arrays.setAll(classes, r -> (r * 31L + 7) % size[1]);
    Tensor targets = Tensor.create(classes, size[0]);
    return () -> {
      logits.mutable_grad().reset();
      torch.cross_entropy_loss(logits, targets).backward();
    };
  }

  @Override
  public void once() {
    try (PointerScope run = new PointerScope()) {
      body.run();
    }
  }

  @Override
  public float[] check() {
    return new float[0];
  }

  @Override
  public void close() {}
}
