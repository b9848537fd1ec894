// SPDX-License-Identifier: Apache-2.0

// The element-wise losses and their gradients. Grid and assumptions as in elementwise.cl.

// The numbers of the constants of ElementLoss.Kind.
#define LOSS_SQUARED 0
#define LOSS_BINARY_CROSS_ENTROPY 1
#define LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS 2
#define LOSS_HUBER 3

DEVICE_FN float square(float x) { return x * x; }

DEVICE_FN float bounded_log(float y) { return y < -100.0f ? -100.0f : y; }

DEVICE_FN float binary_cross_entropy(float p, float t) {
  float log_p = bounded_log(unroll_log(p));
  float log_q = bounded_log(unroll_log1p(-p));
  return -((t * log_p) + ((1.0f - t) * log_q));
}

DEVICE_FN float binary_cross_entropy_with_logits(float x, float t) {
  return (relu(x) - (x * t)) + unroll_log1p(unroll_exp(-magnitude(x)));
}

DEVICE_FN float variance(float p) {
  float v = p * (1.0f - p);
  return v < 1e-12f ? 1e-12f : v;
}

DEVICE_FN float huber(float delta, float d) {
  float a = magnitude(d);
  return a <= delta ? 0.5f * (d * d) : delta * (a - (0.5f * delta));
}

DEVICE_FN float clip(float delta, float d) { return d > delta ? delta : d < -delta ? -delta : d; }

#define LOSS(KIND, VALUE)                                                        \
  case LOSS_##KIND:                                                              \
    EACH_OF(ALL3(IN(x), IN(target), OUT(out)), float v = AT(x, r, c);            \
            float t = AT(target, r, c); AT(out, r, c) = VALUE;)                  \
    break;

KERNEL ELEMENTWISE void element_loss(int kind, float delta,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL const float* target, int target0, int targetr, int targetc, // [rows, cols]
    GLOBAL float* out, int out0, int outr, int outc, // [rows, cols]
    int rows, int cols) {
  switch (kind) {
    LOSS(SQUARED, square(v - t))
    LOSS(BINARY_CROSS_ENTROPY, binary_cross_entropy(v, t))
    LOSS(BINARY_CROSS_ENTROPY_WITH_LOGITS, binary_cross_entropy_with_logits(v, t))
    LOSS(HUBER, huber(delta, v - t))
  }
}

#define LOSS_GRAD(KIND, VALUE)                                                   \
  case LOSS_##KIND:                                                              \
    EACH_OF(ALL4(IN(x), IN(target), IN(dout), OUT(dx)), float v = AT(x, r, c);   \
            float t = AT(target, r, c); float g = AT(dout, r, c) / divisor;      \
            AT(dx, r, c) = g * (VALUE);)                                         \
    break;

// dx = (dout / divisor) * the derivative of the loss with respect to x.
KERNEL ELEMENTWISE void element_loss_grad(int kind, float delta, float divisor,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL const float* target, int target0, int targetr, int targetc, // [rows, cols]
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [rows, cols]
    GLOBAL float* dx, int dx0, int dxr, int dxc, // [rows, cols]
    int rows, int cols) {
  switch (kind) {
    LOSS_GRAD(SQUARED, 2.0f * (v - t))
    LOSS_GRAD(BINARY_CROSS_ENTROPY, (v - t) / variance(v))
    LOSS_GRAD(BINARY_CROSS_ENTROPY_WITH_LOGITS, unroll_sigmoid(v) - t)
    LOSS_GRAD(HUBER, clip(delta, v - t))
  }
}
