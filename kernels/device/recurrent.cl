// SPDX-License-Identifier: Apache-2.0

// The cells of the recurrent layers, forward and backward, as the Java class Composed orders their
// operations. Together with one product they are a time step.
//
// One work-item takes one element (row of the batch, unit) after the other, with all its gates;
// grid as in elementwise.cl, with hidden columns. Assumes that outputs are apart from each other
// and from the inputs, except where a parameter is both.
//
// The gradients take dout, the gradient of the step's output, as well: dh + dout is the gradient of
// h. Without has_dout it is not read, and its strides should be those of a dense tensor.

// Runs BODY for each element (r, c) of a state.
#define EACH_UNIT(DENSE, BODY)                                                   \
  {                                                                              \
    int cols = hidden;                                                           \
    EACH_ELEMENT(DENSE, BODY)                                                    \
  }

// The gradients of sigmoid and tanh from their value y and the gradient dy.
DEVICE_FN float sigmoid_grad(float y, float dy) { return dy * (y * (1.0f - y)); }
DEVICE_FN float tanh_grad(float y, float dy) { return dy * (1.0f - (y * y)); }

// For the unit (r, c), as in the other macros below: what a cell does, for loops of several kinds.
#define RNN_CELL_GRAD(VALUE)                                                     \
  float v = AT(x, r, c);                                                         \
  float d = AT(dh, r, c);                                                        \
  d = has_dout ? d + AT(dout, r, c) : d;                                         \
  AT(dpre, r, c) = VALUE;

#define RNN_GRAD(KIND, VALUE)                                                    \
  case ACTIVATION_##KIND:                                                        \
    EACH_UNIT(DENSE4(x, dh, dout, dpre), RNN_CELL_GRAD(VALUE))                   \
    break;

// dpre = (dh + dout) * the derivative of the activation; forward is the kernel activate.
KERNEL ELEMENTWISE void rnn_cell_grad(int kind, float alpha, float beta,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, hidden]: h or pre, as in activate_grad
    GLOBAL const float* dh, int dh0, int dhr, int dhc, // [rows, hidden]
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [rows, hidden]
    int has_dout,
    GLOBAL float* dpre, int dpre0, int dprer, int dprec, // [rows, hidden]
    int rows, int hidden) {
  switch (kind) {
    ACTIVATION_GRADIENTS(RNN_GRAD)
  }
}

#define LSTM_CELL                                                               \
  float i = unroll_sigmoid(AT(gates, r, c));                                    \
  float f = unroll_sigmoid(AT(gates, r, hidden + c));                           \
  float g = unroll_tanh(AT(gates, r, 2 * hidden + c));                          \
  float o = unroll_sigmoid(AT(gates, r, 3 * hidden + c));                       \
  float state = (f * AT(cprev, r, c)) + (i * g);                                \
  float t = unroll_tanh(state);                                                 \
  AT(gates, r, c) = i;                                                          \
  AT(gates, r, hidden + c) = f;                                                 \
  AT(gates, r, 2 * hidden + c) = g;                                             \
  AT(gates, r, 3 * hidden + c) = o;                                             \
  AT(cell, r, c) = state;                                                       \
  AT(tanhc, r, c) = t;                                                          \
  AT(h, r, c) = o * t;

KERNEL ELEMENTWISE void lstm_cell(
    GLOBAL float* gates, int gates0, int gatesr, int gatesc, // [rows, 4 hidden]: i, f, g, o
    GLOBAL const float* cprev, int cprev0, int cprevr, int cprevc, // [rows, hidden]
    GLOBAL float* cell, int cell0, int cellr, int cellc, // [rows, hidden]
    GLOBAL float* tanhc, int tanhc0, int tanhcr, int tanhcc, // [rows, hidden]
    GLOBAL float* h, int h0, int hr, int hc, // [rows, hidden]
    int rows, int hidden) {
  EACH_UNIT(DENSE3(gates, cprev, cell) && DENSE2(tanhc, h), LSTM_CELL)
}

#define LSTM_CELL_GRAD                                                          \
  float i = AT(gates, r, c);                                                    \
  float f = AT(gates, r, hidden + c);                                           \
  float g = AT(gates, r, 2 * hidden + c);                                       \
  float o = AT(gates, r, 3 * hidden + c);                                       \
  float t = AT(tanhc, r, c);                                                    \
  float d = AT(dh, r, c);                                                       \
  d = has_dout ? d + AT(dout, r, c) : d;                                        \
  float dstate = AT(dc, r, c) + tanh_grad(t, d * o);                            \
  AT(dgates, r, c) = sigmoid_grad(i, dstate * g);                               \
  AT(dgates, r, hidden + c) = sigmoid_grad(f, dstate * AT(cprev, r, c));        \
  AT(dgates, r, 2 * hidden + c) = tanh_grad(g, dstate * i);                     \
  AT(dgates, r, 3 * hidden + c) = sigmoid_grad(o, d * t);                       \
  AT(dc, r, c) = dstate * f;

KERNEL ELEMENTWISE void lstm_cell_grad(
    GLOBAL const float* gates, int gates0, int gatesr, int gatesc, // [rows, 4 hidden], activations
    GLOBAL const float* cprev, int cprev0, int cprevr, int cprevc, // [rows, hidden]
    GLOBAL const float* tanhc, int tanhc0, int tanhcr, int tanhcc, // [rows, hidden]
    GLOBAL const float* dh, int dh0, int dhr, int dhc, // [rows, hidden]
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [rows, hidden]
    int has_dout,
    GLOBAL float* dc, int dc0, int dcr, int dcc, // [rows, hidden], in: of c; out: of cprev
    GLOBAL float* dgates, int dgates0, int dgatesr, int dgatesc, // [rows, 4 hidden]
    int rows, int hidden) {
  EACH_UNIT(DENSE4(gates, cprev, tanhc, dh) && DENSE3(dout, dc, dgates), LSTM_CELL_GRAD)
}

#define GRU_CELL                                                                \
  float reset = unroll_sigmoid(AT(gates, r, c) + AT(fromh, r, c));              \
  float z = unroll_sigmoid(AT(gates, r, hidden + c) + AT(fromh, r, hidden + c)); \
  float fresh = AT(gates, r, 2 * hidden + c) + (reset * AT(fromh, r, 2 * hidden + c)); \
  float n = unroll_tanh(fresh);                                                 \
  AT(gates, r, c) = reset;                                                      \
  AT(gates, r, hidden + c) = z;                                                 \
  AT(gates, r, 2 * hidden + c) = n;                                             \
  AT(h, r, c) = ((1.0f - z) * n) + (z * AT(hprev, r, c));

KERNEL ELEMENTWISE void gru_cell(
    GLOBAL float* gates, int gates0, int gatesr, int gatesc, // [rows, 3 hidden]: r, z, n
    GLOBAL const float* fromh, int fromh0, int fromhr, int fromhc, // [rows, 3 hidden]
    GLOBAL const float* hprev, int hprev0, int hprevr, int hprevc, // [rows, hidden]
    GLOBAL float* h, int h0, int hr, int hc, // [rows, hidden]
    int rows, int hidden) {
  EACH_UNIT(DENSE4(gates, fromh, hprev, h), GRU_CELL)
}

#define GRU_CELL_GRAD                                                           \
  float reset = AT(gates, r, c);                                                \
  float z = AT(gates, r, hidden + c);                                           \
  float n = AT(gates, r, 2 * hidden + c);                                       \
  float d = AT(dh, r, c);                                                       \
  d = has_dout ? d + AT(dout, r, c) : d;                                        \
  float dn = tanh_grad(n, d * (1.0f - z));                                      \
  float dz = sigmoid_grad(z, d * (AT(hprev, r, c) - n));                        \
  float dr = sigmoid_grad(reset, dn * AT(fromh, r, 2 * hidden + c));            \
  AT(dgates, r, c) = dr;                                                        \
  AT(dgates, r, hidden + c) = dz;                                               \
  AT(dgates, r, 2 * hidden + c) = dn;                                           \
  AT(dfromh, r, c) = dr;                                                        \
  AT(dfromh, r, hidden + c) = dz;                                               \
  AT(dfromh, r, 2 * hidden + c) = dn * reset;                                   \
  AT(dh, r, c) = d * z;

KERNEL ELEMENTWISE void gru_cell_grad(
    GLOBAL const float* gates, int gates0, int gatesr, int gatesc, // [rows, 3 hidden], activations
    GLOBAL const float* fromh, int fromh0, int fromhr, int fromhc, // [rows, 3 hidden], last third
    GLOBAL const float* hprev, int hprev0, int hprevr, int hprevc, // [rows, hidden]
    GLOBAL float* dh, int dh0, int dhr, int dhc, // [rows, hidden], out: (dh + dout) * z
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [rows, hidden]
    int has_dout,
    GLOBAL float* dgates, int dgates0, int dgatesr, int dgatesc, // [rows, 3 hidden]
    GLOBAL float* dfromh, int dfromh0, int dfromhr, int dfromhc, // [rows, 3 hidden]
    int rows, int hidden) {
  EACH_UNIT(DENSE4(gates, fromh, hprev, dh) && DENSE3(dout, dgates, dfromh), GRU_CELL_GRAD)
}
