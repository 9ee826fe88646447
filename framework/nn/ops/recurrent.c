/* recurrent.c: LSTM (Hochreiter & Schmidhuber 1997; gates and peepholes as in ONNX), GRU (Cho et al. 2014,
 * arXiv:1406.1078) and RNN (Elman 1990), forward, reverse or both ways. The output is that of every step, steps x
 * directions x batch x hidden, or of an LSTM that is asked for them (RECURRENT_CELLS) its cells; the file's other
 * outputs are made of it by the loader. */
#include "nn/ops/recurrent.h"

#include "nn/op.h"

#include <math.h>
#include <string.h>

enum { X, W, R, BIAS, LENGTHS, H0, C0, PEEPHOLES };

#define MOST_GATES 4u

struct recurrent {
    int64_t hidden, linear_before_reset, directions, cells;
    bool reverse; /* the first direction */
    size_t gates;
};

/* Sizes of one call. */
struct sizes {
    size_t steps, batch, features, hidden, gates, directions, cells;
};

static size_t gates_of(const struct node *node) {
    return strcmp(node->op->name, "LSTM") == 0 ? 4 : strcmp(node->op->name, "GRU") == 0 ? 3 : 1;
}

static bool recurrent_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    const char *direction;
    int64_t layout, coupled;
    struct recurrent *r = op_config(node, sizeof *r, e);
    if (!r || !op_integer(node, "hidden_size", 1, INT32_MAX, 0, &r->hidden, e) ||
        !op_integer(node, "linear_before_reset", 0, 1, 0, &r->linear_before_reset, e) ||
        !op_integer(node, RECURRENT_CELLS, 0, 1, 0, &r->cells, e) || !op_integer(node, "layout", 0, 0, 0, &layout, e) ||
        !op_integer(node, "input_forget", 0, 0, 0, &coupled, e) || !op_text(node, "direction", &direction, e))
        return false;
    if (node_attribute(node, "clip")) return error_set(e, "attribute 'clip' is not supported");
    r->gates = gates_of(node);
    r->reverse = direction && strcmp(direction, "reverse") == 0;
    r->directions = direction && strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    return true;
}

static struct sizes sizes_of(const struct op_call *call) {
    const struct recurrent *r = call->node->config;
    const size_t *x = call->in[X].shape.dim;
    return (struct sizes){x[0], x[1], x[2], (size_t)r->hidden, r->gates, (size_t)r->directions, (size_t)r->cells};
}

static bool fits(const struct operand *p, const struct shape *wanted, const char *what, struct error *e) {
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    return shape_equal(&p->shape, wanted) ||
           error_set(e, "its %s are of shape %s: wanted %s", what, shape_text(&p->shape, a, sizeof a),
                     shape_text(wanted, b, sizeof b));
}

static bool recurrent_infer(const struct op_call *call, struct shape *out, struct error *e) {
    if (call->in[X].shape.rank != 3) return error_set(e, "its input has not the dimensions steps x batch x features");
    const struct sizes s = sizes_of(call);
    if (!op_spares_batch(call, true, e)) return false;
    const struct shape w = {3, {s.directions, s.gates * s.hidden, s.features}};
    const struct shape r = {3, {s.directions, s.gates * s.hidden, s.hidden}};
    const struct shape holes = {2, {s.directions, 3 * s.hidden}};
    const struct shape bias = {2, {s.directions, 2 * s.gates * s.hidden}}, h = {3, {s.directions, s.batch, s.hidden}};
    for (uint32_t i = W; i < call->node->input_count; i++)
        if (op_present(call, i) && call->in[i].batched)
            return error_set(e, "input %u depends on the network's input: wanted a parameter or a constant", i);
    if (op_present(call, LENGTHS))
        for (size_t i = 0; i < shape_count(&call->in[LENGTHS].shape); i++)
            if (!call->in[LENGTHS].ints || call->in[LENGTHS].ints[i] != (int64_t)s.steps)
                return error_set(e, "sequences of different lengths are not supported");
    *out = (struct shape){4, {s.steps, s.directions, s.batch, s.hidden}};
    return fits(&call->in[W], &w, "weights", e) && fits(&call->in[R], &r, "recurrent weights", e) &&
           (!op_present(call, BIAS) || fits(&call->in[BIAS], &bias, "biases", e)) &&
           (!op_present(call, H0) || fits(&call->in[H0], &h, "initial states", e)) &&
           (!op_present(call, C0) || fits(&call->in[C0], &h, "initial cells", e)) &&
           (!op_present(call, PEEPHOLES) || fits(&call->in[PEEPHOLES], &holes, "peepholes", e));
}

/* For every step, direction and sample: the gates after their functions, and two rows of hidden: of an LSTM the cell
 * and its tanh, of a GRU the recurrent part of the new state. The state as well where the output is the cells. */
static size_t record_length(const struct sizes *s) {
    return (s->gates + 2 + s->cells) * s->hidden;
}

static size_t recurrent_saved(const struct op_call *call) {
    const struct sizes s = sizes_of(call);
    return s.steps * s.directions * s.batch * record_length(&s);
}

/* Gradients of the state, the cell, what comes before the gates, and the state's next. */
static size_t recurrent_scratch(const struct op_call *call) {
    const struct sizes s = sizes_of(call);
    return (2 * s.gates + 4) * s.hidden;
}

/* One direction of one sample. */
struct lane {
    const struct op_call *call;
    struct sizes s;
    size_t direction, sample;
    const float *w, *r, *bias, *h0, *c0; /* bias, h0, c0: or NULL */
    const float *holes;                  /* from the cell to the gates input, output, forget; or NULL */
};

static struct lane lane_of(const struct op_call *call, size_t direction, size_t sample) {
    const struct sizes s = sizes_of(call);
    const size_t rows = s.gates * s.hidden, start = (direction * s.batch + sample) * s.hidden;
    return (struct lane){.call = call,
                         .s = s,
                         .direction = direction,
                         .sample = sample,
                         .w = call->in[W].data + direction * rows * s.features,
                         .r = call->in[R].data + direction * rows * s.hidden,
                         .bias = op_present(call, BIAS) ? call->in[BIAS].data + direction * 2 * rows : NULL,
                         .h0 = op_present(call, H0) ? call->in[H0].data + start : NULL,
                         .c0 = op_present(call, C0) ? call->in[C0].data + start : NULL,
                         .holes =
                             op_present(call, PEEPHOLES) ? call->in[PEEPHOLES].data + direction * 3 * s.hidden : NULL};
}

static bool goes_back(const struct lane *l) {
    const struct recurrent *r = l->call->node->config;
    return l->direction == 1 || r->reverse;
}

/* The step that is the k-th to be computed. */
static size_t step_at(const struct lane *l, size_t k) {
    return goes_back(l) ? l->s.steps - 1 - k : k;
}

static size_t place(const struct lane *l, size_t step) {
    return (step * l->s.directions + l->direction) * l->s.batch + l->sample;
}

static const float *input_at(const struct lane *l, size_t step) {
    return l->call->in[X].data + (step * l->s.batch + l->sample) * l->s.features;
}

static float *record_at(const struct lane *l, size_t step) {
    return l->call->saved + place(l, step) * record_length(&l->s);
}

static float *state_at(const struct lane *l, size_t step) {
    if (l->s.cells) return record_at(l, step) + (l->s.gates + 2) * l->s.hidden;
    return l->call->out.data + place(l, step) * l->s.hidden;
}

/* The state before the k-th step, or NULL: zeros. */
static const float *state_before(const struct lane *l, size_t k) {
    return k ? state_at(l, step_at(l, k - 1)) : l->h0;
}

static const float *cell_before(const struct lane *l, size_t k) {
    return k ? record_at(l, step_at(l, k - 1)) + l->s.gates * l->s.hidden : l->c0;
}

#define LANES 16u /* sums side by side, which become vector code */

static float dot(const float *a, const float *b, size_t n) {
    float part[LANES] = {0};
    double sum = 0;
    for (; n >= LANES; n -= LANES, a += LANES, b += LANES)
        for (size_t k = 0; k < LANES; k++) part[k] += a[k] * b[k];
    for (size_t i = 0; i < n; i++) part[i] += a[i] * b[i];
    for (size_t k = 0; k < LANES; k++) sum += (double)part[k];
    return (float)sum;
}

static float sigmoid(float x) {
    return 1 / (1 + expf(-x));
}

/* Of gate row `row`: what the input gives, and what the state gives. */
static float from_input(const struct lane *l, const float *x, size_t row) {
    return dot(l->w + row * l->s.features, x, l->s.features) + (l->bias ? l->bias[row] : 0);
}

static float from_state(const struct lane *l, const float *h, size_t row) {
    float bias = l->bias ? l->bias[l->s.gates * l->s.hidden + row] : 0;
    return (h ? dot(l->r + row * l->s.hidden, h, l->s.hidden) : 0) + bias;
}

/* Gates in ONNX's order: input, output, forget, cell. */
static void lstm_step(const struct lane *l, size_t k) {
    const size_t step = step_at(l, k), n = l->s.hidden;
    const float *x = input_at(l, step), *h = state_before(l, k), *before = cell_before(l, k);
    float *gate = record_at(l, step), *cell = gate + 4 * n, *pressed = cell + n, *out = state_at(l, step);
    for (size_t row = 0; row < 4 * n; row++) {
        float a = from_input(l, x, row) + from_state(l, h, row);
        bool output = row >= n && row < 2 * n;
        if (l->holes && before && row < 3 * n && !output) a += l->holes[row] * before[row % n];
        gate[row] = row >= 3 * n ? tanhf(a) : output && l->holes ? a : sigmoid(a); /* that one sees the new cell */
    }
    for (size_t i = 0; i < n; i++) {
        cell[i] = gate[2 * n + i] * (before ? before[i] : 0) + gate[i] * gate[3 * n + i];
        pressed[i] = tanhf(cell[i]);
        if (l->holes) gate[n + i] = sigmoid(gate[n + i] + l->holes[n + i] * cell[i]);
        out[i] = gate[n + i] * pressed[i];
    }
    if (l->s.cells) memcpy(l->call->out.data + place(l, step) * n, cell, n * sizeof *cell);
}

/* Update, reset, new; the state's part of the new one is kept, and what it was made of where the reset comes first. */
static void gru_step(const struct lane *l, size_t k) {
    const struct recurrent *config = l->call->node->config;
    const size_t step = step_at(l, k), n = l->s.hidden;
    const float *x = input_at(l, step), *h = state_before(l, k);
    float *gate = record_at(l, step), *part = gate + 3 * n, *reset = part + n, *out = state_at(l, step);
    for (size_t row = 0; row < 2 * n; row++) gate[row] = sigmoid(from_input(l, x, row) + from_state(l, h, row));
    for (size_t i = 0; i < n; i++) reset[i] = h ? gate[n + i] * h[i] : 0;
    for (size_t i = 0; i < n; i++) {
        part[i] = from_state(l, config->linear_before_reset ? h : reset, 2 * n + i);
        float state = config->linear_before_reset ? gate[n + i] * part[i] : part[i];
        gate[2 * n + i] = tanhf(from_input(l, x, 2 * n + i) + state);
    }
    for (size_t i = 0; i < n; i++) out[i] = (1 - gate[i]) * gate[2 * n + i] + gate[i] * (h ? h[i] : 0);
}

static void rnn_step(const struct lane *l, size_t k) {
    const size_t step = step_at(l, k);
    const float *x = input_at(l, step), *h = state_before(l, k);
    float *gate = record_at(l, step), *out = state_at(l, step);
    for (size_t i = 0; i < l->s.hidden; i++) out[i] = gate[i] = tanhf(from_input(l, x, i) + from_state(l, h, i));
}

static void recurrent_forward(const struct op_call *call) {
    const struct sizes s = sizes_of(call);
    for (size_t d = 0; d < s.directions; d++)
        for (size_t b = 0; b < s.batch; b++) {
            const struct lane l = lane_of(call, d, b);
            for (size_t k = 0; k < s.steps; k++)
                if (s.gates == 4) lstm_step(&l, k);
                else if (s.gates == 3) gru_step(&l, k);
                else rnn_step(&l, k);
        }
}

/* ---- Backward ---- */

/* Of one step: gradients of the state (in: of this one; out: of the one before), of the cell likewise, of what enters
 * each gate from the input, and from the state (which differ in a GRU). */
struct slopes {
    float *state, *cell, *input, *recurrent, *more;
};

static void lstm_back(const struct lane *l, size_t k, const struct slopes *g) {
    const size_t n = l->s.hidden;
    const float *gate = record_at(l, step_at(l, k)), *pressed = gate + 5 * n, *before = cell_before(l, k);
    for (size_t i = 0; i < n; i++) {
        float in = gate[i], out = gate[n + i], forget = gate[2 * n + i], fresh = gate[3 * n + i];
        float dc = g->cell[i] + g->state[i] * out * (1 - pressed[i] * pressed[i]);
        g->input[n + i] = g->state[i] * pressed[i] * out * (1 - out);
        if (l->holes) dc += g->input[n + i] * l->holes[n + i];
        g->input[i] = dc * fresh * in * (1 - in);
        g->input[2 * n + i] = dc * (before ? before[i] : 0) * forget * (1 - forget);
        g->input[3 * n + i] = dc * in * (1 - fresh * fresh);
        g->cell[i] = dc * forget;
        if (l->holes) g->cell[i] += g->input[i] * l->holes[i] + g->input[2 * n + i] * l->holes[2 * n + i];
    }
    memcpy(g->recurrent, g->input, 4 * n * sizeof *g->input);
    memset(g->more, 0, n * sizeof *g->more);
}

static void gru_back(const struct lane *l, size_t k, const struct slopes *g) {
    const struct recurrent *config = l->call->node->config;
    const size_t n = l->s.hidden;
    const float *gate = record_at(l, step_at(l, k)), *part = gate + 3 * n, *h = state_before(l, k);
    for (size_t i = 0; i < n; i++) {
        float update = gate[i], fresh = gate[2 * n + i];
        g->input[i] = g->state[i] * ((h ? h[i] : 0) - fresh) * update * (1 - update);
        g->input[2 * n + i] = g->state[i] * (1 - update) * (1 - fresh * fresh);
        g->more[i] = g->state[i] * update;
    }
    for (size_t i = 0; i < n; i++) {
        float reset = gate[n + i], entering = g->input[2 * n + i], dr = 0;
        if (config->linear_before_reset) {
            dr = entering * part[i];
            g->recurrent[2 * n + i] = entering * reset;
        } else {
            double through = 0; /* of reset x state, from all new states */
            for (size_t j = 0; j < n; j++) through += (double)g->input[2 * n + j] * (double)l->r[(2 * n + j) * n + i];
            dr = (float)through * (h ? h[i] : 0);
            g->more[i] += (float)through * reset;
            g->recurrent[2 * n + i] = 0; /* passed on above */
        }
        g->input[n + i] = dr * reset * (1 - reset);
        g->recurrent[i] = g->input[i];
        g->recurrent[n + i] = g->input[n + i];
    }
}

static void rnn_back(const struct lane *l, size_t k, const struct slopes *g) {
    const size_t n = l->s.hidden;
    const float *gate = record_at(l, step_at(l, k));
    for (size_t i = 0; i < n; i++) g->input[i] = g->recurrent[i] = g->state[i] * (1 - gate[i] * gate[i]);
    memset(g->more, 0, n * sizeof *g->more);
}

/* Adds to out[column] the sum over rows of slope[row] x matrix[row][column]. */
static void add_through(const float *slope, const float *restrict matrix, size_t rows, size_t columns,
                        float *restrict out) {
    for (size_t row = 0; row < rows; row++, matrix += columns)
        for (size_t i = 0; i < columns; i++) out[i] += slope[row] * matrix[i];
}

/* The same of the peepholes: the gates input and forget see the cell before, output the new one. */
static void learn_holes(const struct lane *l, size_t k, const struct slopes *g, float *d) {
    const size_t n = l->s.hidden;
    const float *before = cell_before(l, k), *cell = record_at(l, step_at(l, k)) + 4 * n;
    for (size_t row = 0; row < 3 * n; row++) {
        bool output = row >= n && row < 2 * n;
        float seen = output ? cell[row - n] : before ? before[row % n] : 0;
        d[l->direction * 3 * n + row] += g->input[row] * seen;
    }
}

/* What a parameter gets from one step: outer products with what it was multiplied by. */
static void learn_step(const struct lane *l, size_t k, const struct slopes *g, uint32_t input, float *d) {
    const struct sizes *s = &l->s;
    const struct recurrent *config = l->call->node->config;
    const size_t n = s->hidden, rows = s->gates * n, columns = input == W ? s->features : n;
    const float *gate = record_at(l, step_at(l, k)), *h = state_before(l, k);
    const float *by = input == W ? input_at(l, step_at(l, k)) : h, *reset = gate + 4 * n;
    for (size_t row = 0; row < rows; row++) {
        /* Of a GRU whose reset comes first, the new state's rows saw what was reset. */
        bool saw_reset = s->gates == 3 && !config->linear_before_reset && row >= 2 * n;
        float slope = input == W || saw_reset ? g->input[row] : g->recurrent[row];
        if (input == BIAS) {
            d[l->direction * 2 * rows + row] += g->input[row];
            d[l->direction * 2 * rows + rows + row] += slope;
            continue;
        }
        const float *factor = input == R && saw_reset ? reset : by;
        float *out = d + (l->direction * rows + row) * columns;
        for (size_t i = 0; factor && i < columns; i++) out[i] += slope * factor[i];
    }
}

/* `d`: of input `input`, added to. */
static void lane_backward(const struct lane *l, uint32_t input, const float *dy, float *d) {
    const struct sizes *s = &l->s;
    const size_t n = s->hidden, rows = s->gates * n;
    float *memory = l->call->scratch;
    const struct slopes g = {memory, memory + n, memory + 4 * n, memory + 4 * n + rows, memory + 2 * n};
    memset(g.state, 0, 2 * n * sizeof *g.state);
    for (size_t k = s->steps; k-- > 0;) {
        const size_t step = step_at(l, k);
        const float *arriving = dy + place(l, step) * n;
        for (size_t i = 0; i < n; i++) (s->cells ? g.cell : g.state)[i] += arriving[i];
        if (s->gates == 4) lstm_back(l, k, &g);
        else if (s->gates == 3) gru_back(l, k, &g);
        else rnn_back(l, k, &g);
        const size_t features = (step * s->batch + l->sample) * s->features;
        if (input == X) add_through(g.input, l->w, rows, s->features, d + features);
        else if (input == PEEPHOLES) learn_holes(l, k, &g, d);
        else learn_step(l, k, &g, input, d);
        memcpy(g.state, g.more, n * sizeof *g.state);
        add_through(g.recurrent, l->r, rows, n, g.state);
    }
}

static void recurrent_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    const struct sizes s = sizes_of(call);
    if (input > BIAS && input != PEEPHOLES) return; /* initial states are constants */
    for (size_t way = 0; way < s.directions; way++)
        for (size_t b = 0; b < s.batch; b++) {
            const struct lane l = lane_of(call, way, b);
            lane_backward(&l, input, dy, d);
        }
}

static void recurrent_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    memset(dx, 0, shape_count(&call->in[input].shape) * sizeof *dx);
    recurrent_learn(call, input, dy, dx);
}

#define RECURRENT(id, title, text)                                                                                     \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = OP_WEIGHTED,                                                                                          \
        .min_inputs = 3,                                                                                               \
        .max_inputs = 8,                                                                                               \
        .integer_inputs = 1u << LENGTHS,                                                                               \
        .parse = recurrent_parse,                                                                                      \
        .infer = recurrent_infer,                                                                                      \
        .scratch = recurrent_scratch,                                                                                  \
        .saved = recurrent_saved,                                                                                      \
        .forward = recurrent_forward,                                                                                  \
        .backward = recurrent_backward,                                                                                \
        .learn = recurrent_learn,                                                                                      \
    }
RECURRENT(lstm, "LSTM", "long short-term memory, forward, reverse or both ways; the states of all steps");
RECURRENT(gru, "GRU", "gated recurrent unit, forward, reverse or both ways; the states of all steps");
RECURRENT(rnn, "RNN", "recurrent layer with tanh, forward, reverse or both ways; the states of all steps");
