// SPDX-License-Identifier: Apache-2.0

// Cross-entropy of rows of class scores against class numbers, and its gradient.
//
// The loss takes three launches: cross_entropy_denominator, cross_entropy_rows (or
// cross_entropy_rows_with_grad, which also writes the gradient) and cross_entropy_loss. In the ones
// on rows a work-group takes one row after the other; the other two are one work-group. Groups may
// have any size (see lanes.cl).
//
// Settings: logits is 0 for scores that are log-probabilities; with label smoothing, smooth is 1,
// kept 1 - smoothing and spread smoothing / cols; ignore is the target of rows that do not count.
// Without has_weights all class weights are 1 and weights is not read. dscores may be exactly the
// scores.
//
// What a row does not need is summed over no terms, rather than left out: a barrier stands in loops
// that are the same for the whole group, but in no branch, which some compilers of OpenCL get
// wrong.

// The numbers of the constants of Reduction.
#define REDUCTION_MEAN 0
#define REDUCTION_SUM 1
#define REDUCTION_NONE 2

#define WEIGHT(c) (has_weights ? AT(weights, 0, c) : 1.0f)

// The loss of a class with this log-probability, if it were the target.
#define TERM_OF(c, log_probability) (-(WEIGHT(c) * (log_probability)))

// The loss of row r from logits, of which the first summed count. Uses lanes [32].
DEVICE_FN float loss_of_logits(
    int smooth, float kept, float spread, float max, float sum, int target,
    GLOBAL const float* scores, int scores0, int scoresr, int scoresc, // [rows, cols]
    GLOBAL const float* weights, int weights0, int weightsr, int weightsc, // [1, cols]
    int has_weights, int r, int summed, LOCAL_ARG float* lanes) {
  float log_sum = unroll_log(sum);
  float loss = TERM_OF(target, (AT(scores, r, target) - max) - log_sum);
  int terms = smooth ? summed : 0;
  float all;
  ROW_SUM(all, terms, TERM_OF(i, (AT(scores, r, i) - max) - log_sum))
  return smooth ? (kept * loss) + (spread * all) : loss;
}

// Writes row r of dscores; g is the gradient of the row's loss. Uses lanes [32].
DEVICE_FN void write_grad(
    int logits, int smooth, float kept, float spread, float max, float sum, int counts, int target,
    float g,
    GLOBAL const float* scores, int scores0, int scoresr, int scoresc, // [rows, cols]
    GLOBAL const float* weights, int weights0, int weightsr, int weightsc, // [1, cols]
    int has_weights,
    GLOBAL float* dscores, int dscores0, int dscoresr, int dscoresc, // [rows, cols]
    int r, int cols, LOCAL_ARG float* lanes) {
  int terms = smooth && counts ? cols : 0;
  float all;
  ROW_SUM(all, terms, WEIGHT(i))
  float on_target = smooth ? kept * WEIGHT(target) : WEIGHT(target);
  float total = smooth ? on_target + (spread * all) : on_target;
  BARRIER; // all have read the target's score, which the gradient may overwrite
  if (counts && logits) {
    EACH_COLUMN(
      float q = c == target ? on_target : 0.0f;
      q = smooth ? q + (spread * WEIGHT(c)) : q;
      float e = unroll_exp(AT(scores, r, c) - max);
      AT(dscores, r, c) = g * (((e / sum) * total) - q);)
  } else {
    float value = counts ? -(g * WEIGHT(target)) : 0.0f;
    EACH_COLUMN(AT(dscores, r, c) = c == target ? value : 0.0f;)
  }
}

// The gradient of the loss of row r.
DEVICE_FN float grad_of_row(
    int reduction,
    GLOBAL const float* denominator, int denominator0, // [1, 1]
    GLOBAL const float* dloss, int dloss0, int dlossr, // [1, 1], or [rows, 1] without reduction
    int r) {
  float g = dloss[dloss0 + (reduction == REDUCTION_NONE ? r * dlossr : 0)];
  return reduction == REDUCTION_MEAN ? g / denominator[denominator0] : g;
}

// denominator = what the sum of the row losses is divided by: for a mean the sum of the weights of
// the targets that count, else 1.
KERNEL void cross_entropy_denominator(int mean, int ignore,
    GLOBAL const int* targets, int targets0, // [rows]
    GLOBAL const float* weights, int weights0, int weightsr, int weightsc, // [1, classes]
    int has_weights,
    GLOBAL float* denominator, int denominator0, int denominatorr, int denominatorc, // [1, 1]
    int rows) {
  LOCAL float lanes[LANES];
  int terms = mean ? rows : 0;
  float sum;
  ROW_SUM(sum, terms, targets[targets0 + i] == ignore ? 0.0f : WEIGHT(targets[targets0 + i]))
  if (GROUP0 == 0 && LOCAL0 == 0) {
    AT(denominator, 0, 0) = mean ? sum : 1.0f;
  }
}

// loss = the sum of the row losses, for a mean divided by the denominator.
KERNEL void cross_entropy_loss(int mean,
    GLOBAL const float* losses, int losses0, int lossesr, int lossesc, // [rows, 1]
    GLOBAL const float* denominator, int denominator0, int denominatorr, int denominatorc, // [1, 1]
    GLOBAL float* loss, int loss0, int lossr, int lossc, // [1, 1]
    int rows) {
  LOCAL float lanes[LANES];
  float sum;
  ROW_SUM(sum, rows, AT(losses, i, 0))
  if (GROUP0 == 0 && LOCAL0 == 0) {
    AT(loss, 0, 0) = mean ? sum / AT(denominator, 0, 0) : sum;
  }
}

// losses[r] = the loss of row r, +0 if it is ignored.
KERNEL void cross_entropy_rows(int logits, int smooth, float kept, float spread, int ignore,
    GLOBAL const float* scores, int scores0, int scoresr, int scoresc, // [rows, cols]
    GLOBAL const int* targets, int targets0, // [rows]
    GLOBAL const float* weights, int weights0, int weightsr, int weightsc, // [1, cols]
    int has_weights,
    GLOBAL float* losses, int losses0, int lossesr, int lossesc, // [rows, 1]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    int counts = targets[targets0 + r] != ignore;
    int target = counts ? targets[targets0 + r] : 0;
    int summed = counts && logits ? cols : 0;
    float max = row_max(scores, scores0, scoresr, scoresc, r, summed, lanes);
    float sum = sum_of_exponentials(scores, scores0, scoresr, scoresc, r, summed, max, lanes);
    float loss = loss_of_logits(smooth, kept, spread, max, sum, target, scores, scores0, scoresr,
        scoresc, weights, weights0, weightsr, weightsc, has_weights, r, summed, lanes);
    loss = logits ? loss : TERM_OF(target, AT(scores, r, target));
    if (LOCAL0 == 0) {
      AT(losses, r, 0) = counts ? loss : 0.0f;
    }
  }
}

// dscores = the gradient of the loss, +0 in ignored rows.
KERNEL void cross_entropy_grad(
    int logits, int smooth, float kept, float spread, int ignore, int reduction,
    GLOBAL const float* scores, int scores0, int scoresr, int scoresc, // [rows, cols]
    GLOBAL const int* targets, int targets0, // [rows]
    GLOBAL const float* weights, int weights0, int weightsr, int weightsc, // [1, cols]
    int has_weights,
    GLOBAL const float* denominator, int denominator0, int denominatorr, int denominatorc, // [1, 1]
    GLOBAL const float* dloss, int dloss0, int dlossr, int dlossc, // [1, 1], or [rows, 1]
    GLOBAL float* dscores, int dscores0, int dscoresr, int dscoresc, // [rows, cols]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    int counts = targets[targets0 + r] != ignore;
    int target = counts ? targets[targets0 + r] : 0;
    int summed = counts && logits ? cols : 0;
    float max = row_max(scores, scores0, scoresr, scoresc, r, summed, lanes);
    float sum = sum_of_exponentials(scores, scores0, scoresr, scoresc, r, summed, max, lanes);
    float g = grad_of_row(reduction, denominator, denominator0, dloss, dloss0, dlossr, r);
    write_grad(logits, smooth, kept, spread, max, sum, counts, target, g, scores, scores0, scoresr,
        scoresc, weights, weights0, weightsr, weightsc, has_weights, dscores, dscores0, dscoresr,
        dscoresc, r, cols, lanes);
  }
}

// Both: the scores are read, and their maximum and sum found, once.
KERNEL void cross_entropy_rows_with_grad(
    int logits, int smooth, float kept, float spread, int ignore, int reduction,
    GLOBAL const float* scores, int scores0, int scoresr, int scoresc, // [rows, cols]
    GLOBAL const int* targets, int targets0, // [rows]
    GLOBAL const float* weights, int weights0, int weightsr, int weightsc, // [1, cols]
    int has_weights,
    GLOBAL const float* denominator, int denominator0, int denominatorr, int denominatorc, // [1, 1]
    GLOBAL const float* dloss, int dloss0, int dlossr, int dlossc, // [1, 1], or [rows, 1]
    GLOBAL float* losses, int losses0, int lossesr, int lossesc, // [rows, 1]
    GLOBAL float* dscores, int dscores0, int dscoresr, int dscoresc, // [rows, cols]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    int counts = targets[targets0 + r] != ignore;
    int target = counts ? targets[targets0 + r] : 0;
    int summed = counts && logits ? cols : 0;
    float max = row_max(scores, scores0, scoresr, scoresc, r, summed, lanes);
    float sum = sum_of_exponentials(scores, scores0, scoresr, scoresc, r, summed, max, lanes);
    float loss = loss_of_logits(smooth, kept, spread, max, sum, target, scores, scores0, scoresr,
        scoresc, weights, weights0, weightsr, weightsc, has_weights, r, summed, lanes);
    loss = logits ? loss : TERM_OF(target, AT(scores, r, target));
    float g = grad_of_row(reduction, denominator, denominator0, dloss, dloss0, dlossr, r);
    write_grad(logits, smooth, kept, spread, max, sum, counts, target, g, scores, scores0, scoresr,
        scoresc, weights, weights0, weightsr, weightsc, has_weights, dscores, dscores0, dscoresr,
        dscoresc, r, cols, lanes);
    if (LOCAL0 == 0) {
      AT(losses, r, 0) = counts ? loss : 0.0f;
    }
  }
}
