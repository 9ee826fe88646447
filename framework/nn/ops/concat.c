/* concat.c: Concat. */
#include "base/sizes.h"
#include "nn/op.h"
#include "nn/ops/fast_math.h"

#include <string.h>

static bool concat_parse(struct node *node, uint32_t opset, struct error *e) {
    int64_t *axis = op_config(node, sizeof *axis, e);
    if (opset >= 4 && !node_attribute(node, "axis")) return error_set(e, "attribute 'axis' is missing");
    return axis && op_integer(node, "axis", -SHAPE_MAX_RANK, SHAPE_MAX_RANK - 1, 1, axis, e);
}

static bool concat_infer(const struct op_call *call, struct shape *out, struct error *e) {
    uint32_t axis;
    char a[OP_SHAPE_TEXT], b[OP_SHAPE_TEXT];
    *out = call->in[0].shape;
    if (!op_axis(*(const int64_t *)call->node->config, out->rank, false, &axis, e)) return false;
    if (!op_spares_batch(call, axis == 0, e)) return false;
    for (uint32_t i = 1; i < call->node->input_count; i++) {
        if (!op_present(call, i)) return error_set(e, "input %u is absent", i);
        struct shape next = call->in[i].shape;
        size_t more = next.rank == out->rank ? next.dim[axis] : 0;
        if (more) next.dim[axis] = out->dim[axis];
        if (!more || !shape_equal(&next, out) || more > SIZE_MAX - out->dim[axis])
            return error_set(e, "shapes %s and %s cannot be joined along axis %u",
                             shape_text(&call->in[0].shape, a, sizeof a), shape_text(&call->in[i].shape, b, sizeof b),
                             axis);
        out->dim[axis] += more;
    }
    return true;
}

/* Elements of one row of input `input` from the axis on, and where it begins in a row of the output. */
static size_t concat_part(const struct op_call *call, uint32_t input, size_t *offset) {
    uint32_t axis = 0;
    op_axis(*(const int64_t *)call->node->config, call->out.shape.rank, false, &axis, NULL);
    *offset = 0;
    for (uint32_t i = 0; i < input; i++) *offset += shape_count_from(&call->in[i].shape, axis);
    return shape_count_from(&call->in[input].shape, axis);
}

static size_t concat_row(const struct op_call *call) {
    size_t offset, last = concat_part(call, call->node->input_count - 1, &offset);
    return offset + last;
}

/* Rows are copied, or added, in pieces, row by row: piece i is part i % pieces of row i / pieces. */
struct job {
    const float *from;
    float *to;
    size_t from_step, to_step; /* from row to row */
    size_t row, pieces;
    bool add;
};

#define PIECE 16384u /* elements that are shared out */

FAST_CLONES static void add_piece(const float *restrict from, float *restrict to, size_t n) {
    for (size_t k = 0; k < n; k++) to[k] += from[k];
}

static void move_pieces(void *user, size_t first, size_t count) {
    const struct job *j = user;
    for (size_t i = first; i < first + count; i++) {
        size_t at = i % j->pieces * PIECE, n = size_min(j->row - at, PIECE);
        const float *from = j->from + i / j->pieces * j->from_step + at;
        float *to = j->to + i / j->pieces * j->to_step + at;
        if (j->add) add_piece(from, to, n);
        else memcpy(to, from, n * sizeof *to);
    }
}

static void move_rows(const struct op_call *call, size_t rows, struct job j) {
    j.pieces = (j.row + PIECE - 1) / PIECE;
    thread_team_share(call->team, rows * j.pieces, PIECE / j.row + 1, move_pieces, &j);
}

static void concat_forward(const struct op_call *call) {
    size_t row = concat_row(call), rows = shape_count(&call->out.shape) / row;
    for (uint32_t input = 0; input < call->node->input_count; input++) {
        size_t offset, part = concat_part(call, input, &offset);
        move_rows(call, rows, (struct job){call->in[input].data, call->out.data + offset, part, row, .row = part});
    }
}

static void pass_back(const struct op_call *call, uint32_t input, const float *dy, float *d, bool add) {
    size_t row = concat_row(call), rows = shape_count(&call->out.shape) / row;
    size_t offset, part = concat_part(call, input, &offset);
    move_rows(call, rows, (struct job){dy + offset, d, row, part, .row = part, .add = add});
}

static void concat_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    pass_back(call, input, dy, dx, false);
}

static void concat_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    pass_back(call, input, dy, d, true);
}

const struct op op_concat = {
    .name = "Concat",
    .summary = "one behind the other along an axis",
    .flags = OP_LINEAR | OP_MOVES | OP_FORGETS | OP_ADDS | OP_LOCAL,
    .min_inputs = 1,
    .max_inputs = 1024,
    .parse = concat_parse,
    .infer = concat_infer,
    .forward = concat_forward,
    .backward = concat_backward,
    .learn = concat_learn,
};
