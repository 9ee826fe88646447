/* gemm.c: Gemm. */
#include "base/sizes.h"
#include "nn/ops/broadcast.h"
#include "nn/ops/multiply.h"

#include <string.h>

struct gemm {
    float alpha, beta;
    bool transpose_a, transpose_b;
};

static bool gemm_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    struct gemm *gemm = op_config(node, sizeof *gemm, e);
    int64_t a, b;
    if (!gemm || !op_number(node, "alpha", 1, &gemm->alpha, e) || !op_number(node, "beta", 1, &gemm->beta, e) ||
        !op_integer(node, "transA", 0, 1, 0, &a, e) || !op_integer(node, "transB", 0, 1, 0, &b, e))
        return false;
    gemm->transpose_a = a != 0;
    gemm->transpose_b = b != 0;
    return true;
}

/* C = alpha op(A) op(B), rows x depth times depth x columns, to which beta times the bias is added. */
struct sizes {
    size_t rows, columns, depth;
};

static struct sizes gemm_sizes(const struct op_call *call) {
    const struct gemm *gemm = call->node->config;
    const struct shape *a = &call->in[0].shape, *b = &call->in[1].shape;
    return (struct sizes){a->dim[gemm->transpose_a], b->dim[!gemm->transpose_b], a->dim[!gemm->transpose_a]};
}

static bool gemm_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct gemm *gemm = call->node->config;
    const struct shape *a = &call->in[0].shape, *b = &call->in[1].shape;
    char text_a[OP_SHAPE_TEXT], text_b[OP_SHAPE_TEXT];
    shape_text(a, text_a, sizeof text_a);
    shape_text(b, text_b, sizeof text_b);
    if (a->rank != 2 || b->rank != 2 || a->dim[!gemm->transpose_a] != b->dim[gemm->transpose_b])
        return error_set(e, "input of shape %s%s does not fit weights of shape %s%s", text_a,
                         gemm->transpose_a ? " (transposed)" : "", text_b, gemm->transpose_b ? " (transposed)" : "");
    if (gemm->transpose_a && call->in[0].batched)
        return error_set(e, "its first factor depends on the network's input and is transposed: not supported");
    struct sizes n = gemm_sizes(call);
    *out = (struct shape){2, {n.rows, n.columns}};
    struct shape wide;
    if (op_present(call, 2) && (!broadcast_shape(out, &call->in[2].shape, &wide, NULL) || !shape_equal(out, &wide)))
        return error_set(e, "bias of shape %s does not fit an output of shape %s",
                         shape_text(&call->in[2].shape, text_a, sizeof text_a), shape_text(out, text_b, sizeof text_b));
    return true;
}

/* The steps of C from one row and one column of the result to the next. */
static void bias_strides(const struct op_call *call, size_t *row, size_t *column) {
    const struct shape *c = &call->in[2].shape;
    size_t columns = c->rank ? c->dim[c->rank - 1] : 1, rows = c->rank > 1 ? c->dim[c->rank - 2] : 1;
    *column = columns > 1;
    *row = rows > 1 ? columns : 0;
}

/* ---- The product, and the gradients of its factors ---- */

static struct product forward_product(const struct op_call *call) {
    const struct gemm *gemm = call->node->config;
    struct sizes n = gemm_sizes(call);
    return (struct product){
        .rows = n.rows,
        .columns = n.columns,
        .depth = n.depth,
        .a = product_factor(call->in[0].data, gemm->transpose_a ? n.rows : n.depth, gemm->transpose_a),
        .b = product_factor(call->in[1].data, gemm->transpose_b ? n.depth : n.columns, gemm->transpose_b),
        .c = call->out.data,
        .c_row = n.columns,
        .scale = gemm->alpha};
}

/* dA = alpha dC op(B)'. A is not transposed: gemm_infer refuses that of what has a gradient. */
static struct product product_of_a(const struct op_call *call, const float *dc, float *da) {
    const struct gemm *gemm = call->node->config;
    struct sizes n = gemm_sizes(call);
    return (struct product){
        .rows = n.rows,
        .columns = n.depth,
        .depth = n.columns,
        .a = product_factor(dc, n.columns, false),
        .b = product_factor(call->in[1].data, gemm->transpose_b ? n.depth : n.columns, !gemm->transpose_b),
        .c = da,
        .c_row = n.depth,
        .scale = gemm->alpha};
}

/* dB = alpha A' dC, or, where B is transposed, alpha dC' A. */
static struct product product_of_b(const struct op_call *call, const float *dc, float *db) {
    const struct gemm *gemm = call->node->config;
    struct sizes n = gemm_sizes(call);
    struct product_factor a = product_factor(call->in[0].data, n.depth, !gemm->transpose_b);
    struct product_factor c = product_factor(dc, n.columns, gemm->transpose_b);
    return (struct product){.rows = gemm->transpose_b ? n.columns : n.depth,
                            .columns = gemm->transpose_b ? n.depth : n.columns,
                            .depth = n.rows,
                            .a = gemm->transpose_b ? c : a,
                            .b = gemm->transpose_b ? a : c,
                            .c = db,
                            .c_row = gemm->transpose_b ? n.depth : n.columns,
                            .scale = gemm->alpha};
}

static size_t gemm_scratch(const struct op_call *call) {
    struct product there = forward_product(call), a = product_of_a(call, NULL, NULL),
                   b = product_of_b(call, NULL, NULL);
    return size_max(multiply_scratch(call, &there), size_max(multiply_scratch(call, &a), multiply_scratch(call, &b)));
}

/* The bias as the product adds it at its end, one number for each column, or written first. */
static void set_bias(const struct op_call *call, struct product *p) {
    const float beta = ((const struct gemm *)call->node->config)->beta, *bias = call->in[2].data;
    size_t row, column;
    bias_strides(call, &row, &column);
    if (row == 0 && (column == 1 || p->columns == 1) && beta >= 1 && beta <= 1) {
        p->column_bias = bias;
        return;
    }
    for (size_t i = 0; i < p->rows; i++)
        for (size_t j = 0; j < p->columns; j++) p->c[i * p->columns + j] = beta * bias[i * row + j * column];
    p->add = true;
}

static void gemm_forward(const struct op_call *call) {
    struct product p = forward_product(call);
    if (op_present(call, 2)) set_bias(call, &p);
    multiply_run(call, &p, call->scratch);
}

/* Adds to the gradient, or overwrites it. */
static void gemm_gradient(const struct op_call *call, uint32_t input, const float *dy, bool add, float *d) {
    const struct gemm *gemm = call->node->config;
    struct sizes n = gemm_sizes(call);
    if (input < 2) {
        struct product p = input == 0 ? product_of_a(call, dy, d) : product_of_b(call, dy, d);
        p.add = add;
        multiply_run(call, &p, call->scratch);
        return;
    }
    size_t row, column;
    bias_strides(call, &row, &column);
    if (!add) memset(d, 0, shape_count(&call->in[2].shape) * sizeof *d);
    for (size_t i = 0; i < n.rows; i++)
        for (size_t j = 0; j < n.columns; j++) d[i * row + j * column] += gemm->beta * dy[i * n.columns + j];
}

static void gemm_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    gemm_gradient(call, input, dy, false, d);
}

static void gemm_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    gemm_gradient(call, input, dy, !call->fresh, d);
}

const struct op op_gemm = {
    .name = "Gemm",
    .summary = "alpha A B + beta C, either factor transposed",
    .flags = OP_WEIGHTED | OP_LINEAR | OP_OVERWRITES,
    .min_inputs = 2,
    .max_inputs = 3,
    .parse = gemm_parse,
    .infer = gemm_infer,
    .scratch = gemm_scratch,
    .forward = gemm_forward,
    .backward = gemm_backward,
    .learn = gemm_learn,
};
