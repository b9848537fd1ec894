// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Ops;
import dev.unroll.nn.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * The digest of a training run: SHA-256 over all training losses, then all parameters in ASCII
 * order of name; float32, little-endian, every NaN as 0x7fc00000. Runs with equal results have
 * equal digests, whatever backend they ran on.
 */
public final class Digest {
  private final MessageDigest sha256;

  /** Starts with nothing in it. */
  public Digest() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Adds numbers.
   *
   * @param values such as the losses of all steps
   * @return this
   */
  public Digest add(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putInt(Float.floatToIntBits(value)); // Not the raw bits: makes all NaN one.
    }
    sha256.update(bytes.flip());
    return this;
  }

  /**
   * Adds the values of parameters, in ASCII order of their names.
   *
   * @param ops where they live
   * @param parameters in any order
   * @return this
   */
  public Digest add(Ops ops, List<Parameter> parameters) {
    parameters.stream()
        .sorted(Comparator.comparing(Parameter::name))
        .forEach(p -> add(ops.read(p.value())));
    return this;
  }

  /**
   * Ends it.
   *
   * @return 64 hexadecimal digits; what is added later starts a new digest
   */
  public String hex() {
    return HexFormat.of().formatHex(sha256.digest());
  }
}
