// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;

/**
 * What a stack of recurrent layers does beyond the plain form. Start from {@link #PLAIN}:
 *
 * <pre>{@code
 * new Gru(init, shape, RecurrentOptions.PLAIN.withBidirectional().withDropout(0.2f))
 * }</pre>
 *
 * <p>Both directions and dropout between layers run as fast as the plain form. The others have no
 * fused kernels: such a layer runs step by step with primitive operations, and the placement record
 * says so.
 *
 * @param bidirectional whether each layer has a second run from the last valid step of a sequence
 *     to its first, with parameters of its own named {@code ..._reverse}; the output has both, the
 *     forward run first
 * @param dropout probability of dropping an element of the output of each layer but the last, in
 *     training; 0 to below 1
 * @param recurrentDropout probability of dropping an element of the h that the gates read, in
 *     training; one mask for each sequence, the same at all its steps (Y. Gal, Z. Ghahramani,
 *     2016); 0 to below 1
 * @param activation of the candidate and of the cell state in {@link Lstm} and {@link Gru}; {@link
 *     Rnn} is given its own
 * @param recurrentActivation of the gates
 * @param resetAfter in {@link Gru} whether the reset gate multiplies W_hn h + b_hn (PyTorch, cuDNN)
 *     or h before that product (K. Cho et al., 2014)
 * @param layerNorm whether W_ih x and W_hh h are each normalised (see {@link LayerNorm}), scaled
 *     with {@code norm_ih} and {@code norm_hh}, before the biases are added; in {@link Lstm} also c
 *     on its way to h, with {@code norm_c} and {@code norm_c_bias}
 * @param projection columns P of h in {@link Lstm}: h = W_hr (o * tanh(c)), PyTorch's {@code
 *     proj_size}; 0 for none
 */
public record RecurrentOptions(
    boolean bidirectional,
    float dropout,
    float recurrentDropout,
    Activation activation,
    Activation recurrentActivation,
    boolean resetAfter,
    boolean layerNorm,
    int projection) {
  /** One direction, no dropout, tanh and sigmoid, reset after the product, no more. */
  public static final RecurrentOptions PLAIN =
      new RecurrentOptions(false, 0, 0, Activation.TANH, Activation.SIGMOID, true, false, 0);

  /**
   * Checks the options.
   *
   * @param bidirectional whether each layer runs in both directions
   * @param dropout probability of dropping between layers
   * @param recurrentDropout probability of dropping what the gates read of h
   * @param activation of candidate and cell state
   * @param recurrentActivation of the gates
   * @param resetAfter whether the reset gate comes after the product
   * @param layerNorm whether products are normalised
   * @param projection columns of h, 0 for none
   */
  public RecurrentOptions {
    requireProbability("dropout", dropout);
    requireProbability("recurrent dropout", recurrentDropout);
    if (projection < 0) {
      throw new IllegalArgumentException(
          "recurrent layer: projection must not be negative: " + projection);
    }
    if (layerNorm && !resetAfter) {
      throw new IllegalArgumentException(
          "recurrent layer: layer normalisation is defined for the reset after the product; drop"
              + " one of withLayerNorm() and withResetBefore()");
    }
  }

  /**
   * Both directions.
   *
   * @return these options, changed
   */
  public RecurrentOptions withBidirectional() {
    return new RecurrentOptions(
        true,
        dropout,
        recurrentDropout,
        activation,
        recurrentActivation,
        resetAfter,
        layerNorm,
        projection);
  }

  /**
   * Dropout between layers.
   *
   * @param p probability, 0 to below 1
   * @return these options, changed
   */
  public RecurrentOptions withDropout(float p) {
    return new RecurrentOptions(
        bidirectional,
        p,
        recurrentDropout,
        activation,
        recurrentActivation,
        resetAfter,
        layerNorm,
        projection);
  }

  /**
   * Dropout of what the gates read of h.
   *
   * @param p probability, 0 to below 1
   * @return these options, changed
   */
  public RecurrentOptions withRecurrentDropout(float p) {
    return new RecurrentOptions(
        bidirectional,
        dropout,
        p,
        activation,
        recurrentActivation,
        resetAfter,
        layerNorm,
        projection);
  }

  /**
   * Other activations.
   *
   * @param cell of candidate and cell state, Keras' {@code activation}
   * @param gates of the gates, Keras' {@code recurrent_activation}
   * @return these options, changed
   */
  public RecurrentOptions withActivations(Activation cell, Activation gates) {
    return new RecurrentOptions(
        bidirectional, dropout, recurrentDropout, cell, gates, resetAfter, layerNorm, projection);
  }

  /**
   * The reset gate before the product.
   *
   * @return these options, changed
   */
  public RecurrentOptions withResetBefore() {
    return new RecurrentOptions(
        bidirectional,
        dropout,
        recurrentDropout,
        activation,
        recurrentActivation,
        false,
        layerNorm,
        projection);
  }

  /**
   * Layer normalisation.
   *
   * @return these options, changed
   */
  public RecurrentOptions withLayerNorm() {
    return new RecurrentOptions(
        bidirectional,
        dropout,
        recurrentDropout,
        activation,
        recurrentActivation,
        resetAfter,
        true,
        projection);
  }

  /**
   * A projected output.
   *
   * @param size columns of h, at least 1
   * @return these options, changed
   */
  public RecurrentOptions withProjection(int size) {
    return new RecurrentOptions(
        bidirectional,
        dropout,
        recurrentDropout,
        activation,
        recurrentActivation,
        resetAfter,
        layerNorm,
        size);
  }

  /** Runs in each layer: 1 or 2. */
  int directions() {
    return bidirectional ? 2 : 1;
  }

  boolean plainActivations() {
    return activation.equals(Activation.TANH) && recurrentActivation.equals(Activation.SIGMOID);
  }

  /** Why a pass has to run step by step; empty if it need not. */
  String stepwise(Pass pass) {
    StringBuilder why = new StringBuilder();
    add(why, recurrentDropout > 0 && pass.dropoutKey() != null, "recurrent dropout");
    add(why, !plainActivations(), "activations of its own");
    add(why, !resetAfter, "the reset before the product");
    add(why, layerNorm, "layer normalisation");
    add(why, projection > 0, "a projection");
    return why.toString();
  }

  private static void add(StringBuilder list, boolean holds, String what) {
    if (holds) {
      list.append(list.isEmpty() ? "" : ", ").append(what);
    }
  }

  private static void requireProbability(String what, float p) {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException(
          "recurrent layer: " + what + " must be at least 0 and below 1: " + p);
    }
  }
}
