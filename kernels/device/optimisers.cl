// SPDX-License-Identifier: Apache-2.0

// One optimiser step of one parameter. Grid as in elementwise.cl; parameter, gradient and states
// lie apart. What changes from step to step comes from a device buffer (scalars); so does the
// factor of the gradients, if has_scale. States that a setting does without are not touched, and
// should have the strides of a dense tensor.

// The gradient, scaled and with the weight decay of the parameter p added.
#define GRADIENT(p)                                                              \
  float grad = AT(g, r, c);                                                      \
  grad = has_scale ? grad * factor : grad;                                       \
  grad = weight_decay == 0.0f ? grad : grad + (weight_decay * (p));

// scalars: learning rate. first says that the buffer is fresh and becomes the gradient itself.
KERNEL ELEMENTWISE void sgd_step(
    GLOBAL const float* scalars, int scalars0, int scalarsr, int scalarsc, // [1, 1]
    GLOBAL const float* scale, int scale0, int scaler, int scalec, // [1, 1]
    int has_scale,
    float weight_decay, float momentum, float one_minus_dampening, int nesterov, int first,
    GLOBAL float* p, int p0, int pr, int pc, // [rows, cols]
    GLOBAL const float* g, int g0, int gr, int gc, // [rows, cols]
    GLOBAL float* buffer, int buffer0, int bufferr, int bufferc, // [rows, cols]
    int has_buffer,
    int rows, int cols) {
  float rate = AT(scalars, 0, 0);
  float factor = has_scale ? AT(scale, 0, 0) : 1.0f;
  if (has_buffer) {
    EACH_ELEMENT(DENSE3(p, g, buffer),
      float old = AT(p, r, c);
      GRADIENT(old)
      float u = first ? grad : (momentum * AT(buffer, r, c)) + (one_minus_dampening * grad);
      AT(buffer, r, c) = u;
      u = nesterov ? grad + (momentum * u) : u;
      AT(p, r, c) = old - (rate * u);)
  } else {
    EACH_ELEMENT(DENSE2(p, g),
      float old = AT(p, r, c);
      GRADIENT(old)
      AT(p, r, c) = old - (rate * grad);)
  }
}

// scalars: step size, factor of the root, decoupled decay.
KERNEL ELEMENTWISE void adam_step(
    GLOBAL const float* scalars, int scalars0, int scalarsr, int scalarsc, // [1, 3]
    GLOBAL const float* scale, int scale0, int scaler, int scalec, // [1, 1]
    int has_scale,
    float beta1, float one_minus_beta1, float beta2, float one_minus_beta2, float epsilon,
    float weight_decay,
    GLOBAL float* p, int p0, int pr, int pc, // [rows, cols]
    GLOBAL const float* g, int g0, int gr, int gc, // [rows, cols]
    GLOBAL float* m, int m0, int mr, int mc, // [rows, cols]
    GLOBAL float* v, int v0, int vr, int vc, // [rows, cols]
    GLOBAL float* vmax, int vmax0, int vmaxr, int vmaxc, // [rows, cols]
    int has_vmax,
    int rows, int cols) {
  float size = AT(scalars, 0, 0);
  float root_scale = AT(scalars, 0, 1);
  float decay = AT(scalars, 0, 2);
  float factor = has_scale ? AT(scale, 0, 0) : 1.0f;
  EACH_ELEMENT(DENSE4(p, g, m, v) && DENSE1(vmax),
    float old = AT(p, r, c);
    GRADIENT(old)
    float mean = (beta1 * AT(m, r, c)) + (one_minus_beta1 * grad);
    float q = (beta2 * AT(v, r, c)) + (one_minus_beta2 * (grad * grad));
    AT(m, r, c) = mean;
    AT(v, r, c) = q;
    if (has_vmax) {
      float most = AT(vmax, r, c);
      q = q > most || q != q ? q : most;
      AT(vmax, r, c) = q;
    }
    AT(p, r, c) = (old * decay) - (size * (mean / ((SQUARE_ROOT(q) * root_scale) + epsilon)));)
}

// scalars: learning rate.
KERNEL ELEMENTWISE_LARGE void rmsprop_step(
    GLOBAL const float* scalars, int scalars0, int scalarsr, int scalarsc, // [1, 1]
    GLOBAL const float* scale, int scale0, int scaler, int scalec, // [1, 1]
    int has_scale,
    float alpha, float one_minus_alpha, float epsilon, float weight_decay, float momentum,
    GLOBAL float* p, int p0, int pr, int pc, // [rows, cols]
    GLOBAL const float* g, int g0, int gr, int gc, // [rows, cols]
    GLOBAL float* squares, int squares0, int squaresr, int squaresc, // [rows, cols]
    GLOBAL float* means, int means0, int meansr, int meansc, // [rows, cols]
    int has_means,
    GLOBAL float* buffer, int buffer0, int bufferr, int bufferc, // [rows, cols]
    int has_buffer,
    int rows, int cols) {
  float rate = AT(scalars, 0, 0);
  float factor = has_scale ? AT(scale, 0, 0) : 1.0f;
  EACH_ELEMENT(DENSE4(p, g, squares, means) && DENSE1(buffer),
    float old = AT(p, r, c);
    GRADIENT(old)
    float q = (alpha * AT(squares, r, c)) + (one_minus_alpha * (grad * grad));
    AT(squares, r, c) = q;
    if (has_means) {
      float mean = (alpha * AT(means, r, c)) + (one_minus_alpha * grad);
      AT(means, r, c) = mean;
      q = q - (mean * mean);
      q = q <= 0.0f ? 0.0f : q;
    }
    float u = grad / (SQUARE_ROOT(q) + epsilon);
    if (has_buffer) {
      u = (momentum * AT(buffer, r, c)) + u;
      AT(buffer, r, c) = u;
    }
    AT(p, r, c) = old - (rate * u);)
}
