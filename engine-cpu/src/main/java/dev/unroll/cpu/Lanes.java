// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The one vector shape of the process. Two shapes side by side can make C2 box vectors for good, so
 * every kernel takes its species from here.
 */
final class Lanes {
  /** Float lanes: the preferred width, or that of the system property {@code unroll.lanes}. */
  static final VectorSpecies<Float> F = species(System.getProperty("unroll.lanes"));

  /** Int lanes, as many as {@link #F} has. */
  static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  private Lanes() {}

  /** The species of a width given as text, or the preferred one for null. */
  static VectorSpecies<Float> species(String lanes) {
    if (lanes == null) {
      return FloatVector.SPECIES_PREFERRED;
    }
    switch (lanes) {
      case "4":
        return FloatVector.SPECIES_128;
      case "8":
        return FloatVector.SPECIES_256;
      case "16":
        return FloatVector.SPECIES_512;
      default:
        throw new IllegalArgumentException(
            "system property unroll.lanes is \"" + lanes + "\"; it must be 4, 8 or 16");
    }
  }
}
