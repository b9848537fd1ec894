// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

/** A case needs something that is not built; the message is the name of the feature. */
final class UnsupportedFeatureException extends RuntimeException {
  private static final long serialVersionUID = 1;

  UnsupportedFeatureException(String feature) {
    super(feature);
  }
}
