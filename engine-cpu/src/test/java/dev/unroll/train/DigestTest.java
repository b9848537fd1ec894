// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class DigestTest extends DeviceTest {
  private static String sha256(String bytes) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(HexFormat.of().parseHex(bytes));
    return HexFormat.of().formatHex(digest);
  }

  @Test
  void nothingIsTheDigestOfNoBytes() {
    assertThat(new Digest().hex())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void littleEndianAndOneNan() throws Exception {
    float odd = Float.intBitsToFloat(0xffc01234);
    assertThat(new Digest().add(new float[] {1, -2.5f, -0f, odd}).hex())
        .isEqualTo(sha256("0000803f000020c0000000800000c07f"));
  }

  @Test
  void parametersInAsciiOrder() throws Exception {
    List<Parameter> parameters =
        List.of(parameter("b.w", 2), parameter("a", 3), parameter("B", 1), parameter("a.x", 4));
    assertThat(new Digest().add(new float[] {1}).add(ops, parameters).hex())
        .isEqualTo(sha256("0000803f" + "0000803f" + "00004040" + "00008040" + "00000040"));
  }

  private Parameter parameter(String name, float value) {
    return new Parameter(name, arena.tensor(new float[] {value}, 1), arena.tensor(1));
  }
}
