// SPDX-License-Identifier: Apache-2.0

// Whole sequences of a recurrent layer in one launch, for CPU devices: the bits of one product and
// one cell (recurrent.cl) after the other. Each work-group, a single work-item, takes a block of
// the batch's rows through all steps; rows do not depend on each other, so no group ever waits.
//
// All steps have the same number of rows. The weights are packed by matmul_pack. What a step reads
// of the state is written by the step before, that of the first step lies apart (first).

// A group's rows: begin to end - 1.
#define OWN_ROWS                                                                 \
  int share = (rows - 1) / GROUPS0 + 1;                                          \
  int begin = GROUP0 * share;                                                    \
  int end = rows - begin < share ? rows : begin + share;

// Runs BODY for each unit (r, c) of these rows, by vector code where columns lie side by side.
#define OWN_UNITS(DENSE, BODY)                                                   \
  if (DENSE) {                                                                   \
    OWN_LOOP(BODY)                                                               \
  } else {                                                                       \
    OWN_LOOP(BODY)                                                               \
  }

#define OWN_LOOP(BODY)                                                           \
  for (int r = begin; r < end; r++) {                                            \
    INDEPENDENT                                                                  \
    for (int c = 0; c < hidden; c++) {                                           \
      BODY                                                                       \
    }                                                                            \
  }

// The rows of x at the next step, and at the one before.
#define FORWARD(x) x##0 += rows * x##r;
#define BACKWARD(x) x##0 -= rows * x##r;
#define LAST(x) x##0 += (steps - 1) * rows * x##r;

// Has x mean what is called y.
#define BECOMES(x, y) x = y; x##0 = y##0; x##r = y##r; x##c = y##c;

// Declares the state that step s reads: the one written at the step before, or the first.
#define STATE_BEFORE(x, written, first)                                          \
  GLOBAL const float* x = s > 0 ? written : first;                               \
  int x##0 = s > 0 ? written##0 + (s - 1) * rows * written##r : first##0;        \
  int x##r = s > 0 ? written##r : first##r;                                      \
  int x##c = s > 0 ? written##c : first##c;

// out = beta * old + a w, for packed w.
DEVICE_FN void multiply_packed(
    GLOBAL const float* a, int ar, int ac, // [m, k]
    GLOBAL const float* w, // [panels, k, 32]
    float beta, GLOBAL const float* old, int oldr, int oldc, // [m, n]
    GLOBAL float* out, int outr, int outc, // [m, n]
    int m, int n, int k) {
  int wide = m == 1 ? n / (ROW_PANELS * PANEL) * ROW_PANELS * PANEL : 0;
  for (int left = 0; left < wide; left += ROW_PANELS * PANEL) {
    for (int from = 0; from < k; from += CHUNK) {
      int first = from == 0;
      multiply_row(a + from * ac, ac, w + left * k + from * PANEL, PANEL, k * PANEL,
          k - from < CHUNK ? k - from : CHUNK, first ? beta : 1.0f,
          first ? old + left * oldc : out + left * outc, first ? oldc : outc,
          out + left * outc, outc, k);
    }
  }
  for (int left = wide; left < n; left += PANEL) {
    int width = n - left < PANEL ? n - left : PANEL;
    for (int from = 0; from < k; from += CHUNK) {
      int first = from == 0;
      multiply_chunk(a + from * ac, ar, ac, TILE_ROWS * ar, w + left * k + from * PANEL, PANEL,
          k - from < CHUNK ? k - from : CHUNK, first ? beta : 1.0f,
          first ? old + left * oldc : out + left * outc, first ? oldr : outr, first ? oldc : outc,
          out + left * outc, outr, outc, m, width, k);
    }
  }
}

#define OWN(x) &AT(x, begin, 0), x##r, x##c

#define ACTIVATE_OWN(KIND, VALUE)                                                \
  case ACTIVATION_##KIND:                                                        \
    OWN_UNITS(DENSE2(pre, h), float v = AT(pre, r, c); AT(h, r, c) = VALUE;)     \
    break;

KERNEL void rnn_sequence(int kind, float alpha, float beta,
    GLOBAL const float* w, int w0, int wr, int wc, // of [hidden, hidden], packed
    GLOBAL float* pre, int pre0, int prer, int prec, // [steps * rows, hidden]
    GLOBAL const float* hprev, int hprev0, int hprevr, int hprevc, // [rows, hidden], first
    GLOBAL float* h, int h0, int hr, int hc, // [steps * rows, hidden]
    int steps, int rows, int hidden) {
  OWN_ROWS
  for (int s = 0; s < steps && begin < end; s++) {
    multiply_packed(OWN(hprev), w + w0, 1.0f, OWN(pre), OWN(pre), end - begin, hidden, hidden);
    switch (kind) {
      ACTIVATIONS(ACTIVATE_OWN)
    }
    BECOMES(hprev, h)
    FORWARD(h)
    FORWARD(pre)
  }
}

#define RNN_GRAD_OWN(KIND, VALUE)                                                \
  case ACTIVATION_##KIND:                                                        \
    OWN_UNITS(DENSE4(x, dh, dout, dpre), RNN_CELL_GRAD(VALUE))                   \
    break;

KERNEL void rnn_sequence_grad(int kind, float alpha, float beta,
    GLOBAL const float* w, int w0, int wr, int wc, // of [hidden, hidden], packed
    GLOBAL const float* x, int x0, int xr, int xc, // [steps * rows, hidden]: h or pre
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [steps * rows, hidden]
    int has_dout,
    GLOBAL float* dh, int dh0, int dhr, int dhc, // [rows, hidden]
    GLOBAL float* dpre, int dpre0, int dprer, int dprec, // [steps * rows, hidden]
    int steps, int rows, int hidden) {
  OWN_ROWS
  LAST(x) LAST(dout) LAST(dpre)
  for (int s = steps - 1; s >= 0 && begin < end; s--) {
    switch (kind) {
      ACTIVATION_GRADIENTS(RNN_GRAD_OWN)
    }
    multiply_packed(OWN(dpre), w + w0, 0.0f, OWN(dh), OWN(dh), end - begin, hidden, hidden);
    BACKWARD(x) BACKWARD(dout) BACKWARD(dpre)
  }
}

KERNEL void lstm_sequence(
    GLOBAL const float* w, int w0, int wr, int wc, // of [hidden, 4 hidden], packed
    GLOBAL float* gates, int gates0, int gatesr, int gatesc, // [steps * rows, 4 hidden]
    GLOBAL const float* hprev, int hprev0, int hprevr, int hprevc, // [rows, hidden], first
    GLOBAL const float* cprev, int cprev0, int cprevr, int cprevc, // [rows, hidden], first
    GLOBAL float* h, int h0, int hr, int hc, // [steps * rows, hidden]
    GLOBAL float* cell, int cell0, int cellr, int cellc, // [steps * rows, hidden]
    GLOBAL float* tanhc, int tanhc0, int tanhcr, int tanhcc, // [steps * rows, hidden]
    int steps, int rows, int hidden) {
  OWN_ROWS
  for (int s = 0; s < steps && begin < end; s++) {
    multiply_packed(
        OWN(hprev), w + w0, 1.0f, OWN(gates), OWN(gates), end - begin, 4 * hidden, hidden);
    OWN_UNITS(DENSE3(gates, cprev, cell) && DENSE2(tanhc, h), LSTM_CELL)
    BECOMES(hprev, h)
    BECOMES(cprev, cell)
    FORWARD(gates) FORWARD(h) FORWARD(cell) FORWARD(tanhc)
  }
}

KERNEL void lstm_sequence_grad(
    GLOBAL const float* w, int w0, int wr, int wc, // of [4 hidden, hidden], packed
    GLOBAL const float* gates, int gates0, int gatesr, int gatesc, // [steps * rows, 4 hidden]
    GLOBAL const float* first, int first0, int firstr, int firstc, // [rows, hidden], of the cell
    GLOBAL const float* cell, int cell0, int cellr, int cellc, // [steps * rows, hidden]
    GLOBAL const float* tanhc, int tanhc0, int tanhcr, int tanhcc, // [steps * rows, hidden]
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [steps * rows, hidden]
    int has_dout,
    GLOBAL float* dh, int dh0, int dhr, int dhc, // [rows, hidden]
    GLOBAL float* dc, int dc0, int dcr, int dcc, // [rows, hidden]
    GLOBAL float* dgates, int dgates0, int dgatesr, int dgatesc, // [steps * rows, 4 hidden]
    int steps, int rows, int hidden) {
  OWN_ROWS
  LAST(gates) LAST(tanhc) LAST(dout) LAST(dgates)
  for (int s = steps - 1; s >= 0 && begin < end; s--) {
    STATE_BEFORE(cprev, cell, first)
    OWN_UNITS(DENSE4(gates, cprev, tanhc, dh) && DENSE3(dout, dc, dgates), LSTM_CELL_GRAD)
    multiply_packed(
        OWN(dgates), w + w0, 0.0f, OWN(dh), OWN(dh), end - begin, hidden, 4 * hidden);
    BACKWARD(gates) BACKWARD(tanhc) BACKWARD(dout) BACKWARD(dgates)
  }
}

KERNEL void gru_sequence(
    GLOBAL const float* w, int w0, int wr, int wc, // of [hidden, 3 hidden], packed
    GLOBAL const float* bias, int bias0, int biasr, int biasc, // [rows, 3 hidden], rows all alike
    int has_bias,
    GLOBAL float* gates, int gates0, int gatesr, int gatesc, // [steps * rows, 3 hidden]
    GLOBAL float* fromh, int fromh0, int fromhr, int fromhc, // [steps * rows, 3 hidden]
    GLOBAL const float* hprev, int hprev0, int hprevr, int hprevc, // [rows, hidden], first
    GLOBAL float* h, int h0, int hr, int hc, // [steps * rows, hidden]
    int steps, int rows, int hidden) {
  OWN_ROWS
  for (int s = 0; s < steps && begin < end; s++) {
    multiply_packed(OWN(hprev), w + w0, has_bias ? 1.0f : 0.0f, OWN(bias), OWN(fromh),
        end - begin, 3 * hidden, hidden);
    OWN_UNITS(DENSE4(gates, fromh, hprev, h), GRU_CELL)
    BECOMES(hprev, h)
    FORWARD(gates) FORWARD(fromh) FORWARD(h)
  }
}

KERNEL void gru_sequence_grad(
    GLOBAL const float* w, int w0, int wr, int wc, // of [3 hidden, hidden], packed
    GLOBAL const float* gates, int gates0, int gatesr, int gatesc, // [steps * rows, 3 hidden]
    GLOBAL const float* fromh, int fromh0, int fromhr, int fromhc, // [steps * rows, 3 hidden]
    GLOBAL const float* first, int first0, int firstr, int firstc, // [rows, hidden], of the state
    GLOBAL const float* h, int h0, int hr, int hc, // [steps * rows, hidden]
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [steps * rows, hidden]
    int has_dout,
    GLOBAL float* dh, int dh0, int dhr, int dhc, // [rows, hidden]
    GLOBAL float* dgates, int dgates0, int dgatesr, int dgatesc, // [steps * rows, 3 hidden]
    GLOBAL float* dfromh, int dfromh0, int dfromhr, int dfromhc, // [steps * rows, 3 hidden]
    int steps, int rows, int hidden) {
  OWN_ROWS
  LAST(gates) LAST(fromh) LAST(dout) LAST(dgates) LAST(dfromh)
  for (int s = steps - 1; s >= 0 && begin < end; s--) {
    STATE_BEFORE(hprev, h, first)
    OWN_UNITS(DENSE4(gates, fromh, hprev, dh) && DENSE3(dout, dgates, dfromh), GRU_CELL_GRAD)
    multiply_packed(
        OWN(dfromh), w + w0, 1.0f, OWN(dh), OWN(dh), end - begin, hidden, 3 * hidden);
    BACKWARD(gates) BACKWARD(fromh) BACKWARD(dout) BACKWARD(dgates) BACKWARD(dfromh)
  }
}
