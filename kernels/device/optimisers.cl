// SPDX-License-Identifier: Apache-2.0

// One optimiser step of up to eight parameters. Each is a run of count elements that lie next to
// each other, and so are its gradient and states; all lie apart. A run of no elements is not
// touched. The runs of a launch are dealt out as one: each work-group takes one block of them, its
// work-items take turns. Any grid will do; as in elementwise.cl groups of one suit CPU devices. All
// runs together are below 2^30 elements.
//
// What changes from step to step comes from a device buffer (scalars); so does the factor of the
// gradients, if has_scale. States that a setting does without are not touched.

#define OPERAND(x)                                                               \
  GLOBAL float* x = OF_SLOT(x) + OF_SLOT(x##0);
#define CONST_OPERAND(x)                                                         \
  GLOBAL const float* x = OF_SLOT(x) + OF_SLOT(x##0);

// Runs start at multiples of so many elements, that blocks begin at addresses of wide accesses.
#define ALIGNED(count) (((count) + 15) / 16 * 16)

// Runs BODY for each element i of this work-item. OPERANDS names the pointers of a run.
#define EACH_PARAMETER(OPERANDS, BODY)                                           \
  {                                                                              \
    int total = 0;                                                               \
    for (int slot = 0; slot < SLOTS; slot++) {                                   \
      total += ALIGNED(OF_SLOT(count));                                          \
    }                                                                            \
    int block = ALIGNED(total / GROUPS0 + 1);                                    \
    int begin = GROUP0 * block;                                                  \
    ROLLED                                                                       \
    for (int slot = 0; slot < SLOTS; slot++) {                                   \
      int count = OF_SLOT(count);                                                \
      int first = begin > 0 ? begin : 0;                                         \
      int last = count - begin < block ? count : begin + block;                  \
      OPERANDS                                                                   \
      if (ALONE_AND(1)) {                                                        \
        PARAMETER_LOOP(first, 1, BODY)                                           \
      } else {                                                                   \
        PARAMETER_LOOP(first + LOCAL0, GROUP_SIZE0, BODY)                        \
      }                                                                          \
      begin -= ALIGNED(count); /* from the start of the next run */              \
    }                                                                            \
  }

#define PARAMETER_LOOP(FIRST, STEP, BODY)                                        \
  INDEPENDENT                                                                    \
  for (int i = FIRST; i < last; i += STEP) {                                     \
    BODY                                                                         \
  }

// The gradient, scaled and with the weight decay of the parameter p added.
#define GRADIENT(p)                                                              \
  float grad = g[i];                                                             \
  grad = has_scale ? grad * factor : grad;                                       \
  grad = weight_decay == 0.0f ? grad : grad + (weight_decay * (p));

// scalars: learning rate. first_step says that the buffer is fresh and becomes the gradient itself.
KERNEL ELEMENTWISE void sgd_step(
    GLOBAL const float* scalars, int scalars0, int scalarsr, int scalarsc, // [1, 1]
    GLOBAL const float* scale, int scale0, int scaler, int scalec, // [1, 1]
    int has_scale,
    float weight_decay, float momentum, float one_minus_dampening, int nesterov, int first_step,
    int has_buffer,
    // Each [count]: parameter, gradient, buffer.
    GLOBAL float* p_0, int p0_0, GLOBAL const float* g_0, int g0_0,
        GLOBAL float* buffer_0, int buffer0_0, int count_0,
    GLOBAL float* p_1, int p0_1, GLOBAL const float* g_1, int g0_1,
        GLOBAL float* buffer_1, int buffer0_1, int count_1,
    GLOBAL float* p_2, int p0_2, GLOBAL const float* g_2, int g0_2,
        GLOBAL float* buffer_2, int buffer0_2, int count_2,
    GLOBAL float* p_3, int p0_3, GLOBAL const float* g_3, int g0_3,
        GLOBAL float* buffer_3, int buffer0_3, int count_3,
    GLOBAL float* p_4, int p0_4, GLOBAL const float* g_4, int g0_4,
        GLOBAL float* buffer_4, int buffer0_4, int count_4,
    GLOBAL float* p_5, int p0_5, GLOBAL const float* g_5, int g0_5,
        GLOBAL float* buffer_5, int buffer0_5, int count_5,
    GLOBAL float* p_6, int p0_6, GLOBAL const float* g_6, int g0_6,
        GLOBAL float* buffer_6, int buffer0_6, int count_6,
    GLOBAL float* p_7, int p0_7, GLOBAL const float* g_7, int g0_7,
        GLOBAL float* buffer_7, int buffer0_7, int count_7) {
  float rate = AT(scalars, 0, 0);
  float factor = has_scale ? AT(scale, 0, 0) : 1.0f;
  EACH_PARAMETER(OPERAND(p) CONST_OPERAND(g) OPERAND(buffer),
    float old = p[i];
    GRADIENT(old)
    float u = grad;
    if (has_buffer) {
      u = first_step ? grad : (momentum * buffer[i]) + (one_minus_dampening * grad);
      buffer[i] = u;
      u = nesterov ? grad + (momentum * u) : u;
    }
    p[i] = old - (rate * u);)
}

// scalars: step size, factor of the root, decoupled decay.
KERNEL ELEMENTWISE void adam_step(
    GLOBAL const float* scalars, int scalars0, int scalarsr, int scalarsc, // [1, 3]
    GLOBAL const float* scale, int scale0, int scaler, int scalec, // [1, 1]
    int has_scale,
    float beta1, float one_minus_beta1, float beta2, float one_minus_beta2, float epsilon,
    float weight_decay, int has_vmax,
    // Each [count]: parameter, gradient, moments, largest second moment.
    GLOBAL float* p_0, int p0_0, GLOBAL const float* g_0, int g0_0, GLOBAL float* m_0, int m0_0,
        GLOBAL float* v_0, int v0_0, GLOBAL float* vmax_0, int vmax0_0, int count_0,
    GLOBAL float* p_1, int p0_1, GLOBAL const float* g_1, int g0_1, GLOBAL float* m_1, int m0_1,
        GLOBAL float* v_1, int v0_1, GLOBAL float* vmax_1, int vmax0_1, int count_1,
    GLOBAL float* p_2, int p0_2, GLOBAL const float* g_2, int g0_2, GLOBAL float* m_2, int m0_2,
        GLOBAL float* v_2, int v0_2, GLOBAL float* vmax_2, int vmax0_2, int count_2,
    GLOBAL float* p_3, int p0_3, GLOBAL const float* g_3, int g0_3, GLOBAL float* m_3, int m0_3,
        GLOBAL float* v_3, int v0_3, GLOBAL float* vmax_3, int vmax0_3, int count_3,
    GLOBAL float* p_4, int p0_4, GLOBAL const float* g_4, int g0_4, GLOBAL float* m_4, int m0_4,
        GLOBAL float* v_4, int v0_4, GLOBAL float* vmax_4, int vmax0_4, int count_4,
    GLOBAL float* p_5, int p0_5, GLOBAL const float* g_5, int g0_5, GLOBAL float* m_5, int m0_5,
        GLOBAL float* v_5, int v0_5, GLOBAL float* vmax_5, int vmax0_5, int count_5,
    GLOBAL float* p_6, int p0_6, GLOBAL const float* g_6, int g0_6, GLOBAL float* m_6, int m0_6,
        GLOBAL float* v_6, int v0_6, GLOBAL float* vmax_6, int vmax0_6, int count_6,
    GLOBAL float* p_7, int p0_7, GLOBAL const float* g_7, int g0_7, GLOBAL float* m_7, int m0_7,
        GLOBAL float* v_7, int v0_7, GLOBAL float* vmax_7, int vmax0_7, int count_7) {
  float size = AT(scalars, 0, 0);
  float root_scale = AT(scalars, 0, 1);
  float decay = AT(scalars, 0, 2);
  float factor = has_scale ? AT(scale, 0, 0) : 1.0f;
  EACH_PARAMETER(OPERAND(p) CONST_OPERAND(g) OPERAND(m) OPERAND(v) OPERAND(vmax),
    float old = p[i];
    GRADIENT(old)
    float mean = (beta1 * m[i]) + (one_minus_beta1 * grad);
    float q = (beta2 * v[i]) + (one_minus_beta2 * (grad * grad));
    m[i] = mean;
    v[i] = q;
    if (has_vmax) {
      float most = vmax[i];
      q = q > most || q != q ? q : most;
      vmax[i] = q;
    }
    p[i] = (old * decay) - (size * (mean / ((SQUARE_ROOT(q) * root_scale) + epsilon)));)
}

// scalars: learning rate.
KERNEL ELEMENTWISE_LARGE void rmsprop_step(
    GLOBAL const float* scalars, int scalars0, int scalarsr, int scalarsc, // [1, 1]
    GLOBAL const float* scale, int scale0, int scaler, int scalec, // [1, 1]
    int has_scale,
    float alpha, float one_minus_alpha, float epsilon, float weight_decay, float momentum,
    int has_means, int has_buffer,
    // Each [count]: parameter, gradient, means of squares, means, buffer.
    GLOBAL float* p_0, int p0_0, GLOBAL const float* g_0, int g0_0,
        GLOBAL float* squares_0, int squares0_0, GLOBAL float* means_0, int means0_0,
        GLOBAL float* buffer_0, int buffer0_0, int count_0,
    GLOBAL float* p_1, int p0_1, GLOBAL const float* g_1, int g0_1,
        GLOBAL float* squares_1, int squares0_1, GLOBAL float* means_1, int means0_1,
        GLOBAL float* buffer_1, int buffer0_1, int count_1,
    GLOBAL float* p_2, int p0_2, GLOBAL const float* g_2, int g0_2,
        GLOBAL float* squares_2, int squares0_2, GLOBAL float* means_2, int means0_2,
        GLOBAL float* buffer_2, int buffer0_2, int count_2,
    GLOBAL float* p_3, int p0_3, GLOBAL const float* g_3, int g0_3,
        GLOBAL float* squares_3, int squares0_3, GLOBAL float* means_3, int means0_3,
        GLOBAL float* buffer_3, int buffer0_3, int count_3,
    GLOBAL float* p_4, int p0_4, GLOBAL const float* g_4, int g0_4,
        GLOBAL float* squares_4, int squares0_4, GLOBAL float* means_4, int means0_4,
        GLOBAL float* buffer_4, int buffer0_4, int count_4,
    GLOBAL float* p_5, int p0_5, GLOBAL const float* g_5, int g0_5,
        GLOBAL float* squares_5, int squares0_5, GLOBAL float* means_5, int means0_5,
        GLOBAL float* buffer_5, int buffer0_5, int count_5,
    GLOBAL float* p_6, int p0_6, GLOBAL const float* g_6, int g0_6,
        GLOBAL float* squares_6, int squares0_6, GLOBAL float* means_6, int means0_6,
        GLOBAL float* buffer_6, int buffer0_6, int count_6,
    GLOBAL float* p_7, int p0_7, GLOBAL const float* g_7, int g0_7,
        GLOBAL float* squares_7, int squares0_7, GLOBAL float* means_7, int means0_7,
        GLOBAL float* buffer_7, int buffer0_7, int count_7) {
  float rate = AT(scalars, 0, 0);
  float factor = has_scale ? AT(scale, 0, 0) : 1.0f;
  EACH_PARAMETER(OPERAND(p) CONST_OPERAND(g) OPERAND(squares) OPERAND(means) OPERAND(buffer),
    float old = p[i];
    GRADIENT(old)
    float q = (alpha * squares[i]) + (one_minus_alpha * (grad * grad));
    squares[i] = q;
    if (has_means) {
      float mean = (alpha * means[i]) + (one_minus_alpha * grad);
      means[i] = mean;
      q = q - (mean * mean);
      q = q <= 0.0f ? 0.0f : q;
    }
    float u = grad / (SQUARE_ROOT(q) + epsilon);
    if (has_buffer) {
      u = (momentum * buffer[i]) + u;
      buffer[i] = u;
    }
    p[i] = old - (rate * u);)
}
