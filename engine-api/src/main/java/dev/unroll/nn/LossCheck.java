// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import java.util.Optional;

/**
 * Tells when the end of a model and its loss do not belong together: a softmax in front of a
 * cross-entropy that has its own, scores where log-probabilities are expected, and the same with
 * the sigmoid. Such a network trains, but badly.
 */
public final class LossCheck {
  private static final System.Logger LOG = System.getLogger(LossCheck.class.getName());

  private LossCheck() {}

  /**
   * Checks a model against a cross-entropy, and logs a warning if they do not fit.
   *
   * @param model what computes the scores
   * @param spec the loss
   * @return the warning
   */
  public static Optional<String> warn(Layer<?> model, CrossEntropy spec) {
    boolean logits = spec.input() == CrossEntropy.Input.LOGITS;
    return log(
        switch (model.output()) {
          case PROBABILITIES ->
              logits
                  ? "the model ends in probabilities, and cross-entropy from logits normalises them"
                      + " again, which flattens its gradient; leave the softmax out"
                  : "the model ends in probabilities, but this loss takes log-probabilities; end it"
                      + " with LogSoftmax";
          case LOG_PROBABILITIES ->
              logits
                  ? "the model ends in log-probabilities, which cross-entropy from logits computes"
                      + " a second time; leave LogSoftmax out, or use"
                      + " CrossEntropy.Input.LOG_PROBABILITIES"
                  : null;
          case SCORES, AS_INPUT ->
              logits
                  ? null
                  : "the model ends in scores, but this loss takes log-probabilities; end it with"
                      + " LogSoftmax, or use CrossEntropy.Input.LOGITS";
        });
  }

  /**
   * Checks a model against an element-wise loss, and logs a warning if they do not fit.
   *
   * @param model what computes the prediction
   * @param loss the loss
   * @return the warning
   */
  public static Optional<String> warn(Layer<?> model, ElementLoss loss) {
    boolean probabilities = model.output() == Layer.Output.PROBABILITIES;
    return log(
        switch (loss.kind()) {
          case BINARY_CROSS_ENTROPY_WITH_LOGITS ->
              probabilities
                  ? "the model ends in probabilities, and binary cross-entropy with logits takes"
                      + " their sigmoid again; leave the sigmoid out, or use BINARY_CROSS_ENTROPY"
                  : null;
          case BINARY_CROSS_ENTROPY ->
              probabilities
                  ? null
                  : "the model does not end in probabilities, but binary cross-entropy takes them;"
                      + " end it with a sigmoid, or better use BINARY_CROSS_ENTROPY_WITH_LOGITS";
          case SQUARED, HUBER -> null;
        });
  }

  private static Optional<String> log(String warning) {
    if (warning != null) {
      LOG.log(System.Logger.Level.WARNING, warning);
    }
    return Optional.ofNullable(warning);
  }
}
