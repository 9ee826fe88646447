/* gemm.c: Gemm and MatMul. */
#include "nn/op.h"
#include "nn/ops/broadcast.h"
#include "nn/ops/rows.h"

#include <cblas.h>
#include <string.h>

/* ---- One product C = alpha op(A) op(B) + beta C (beta 0 or 1), rows x depth times depth x columns ---- */
struct product {
    size_t rows, columns, depth;
    bool transpose_a, transpose_b;
    float alpha;
    bool samples; /* rows of A and C are samples, which must not depend on each other */
};

static enum CBLAS_TRANSPOSE transposed(bool yes) {
    return yes ? CblasTrans : CblasNoTrans;
}

static void multiply(const struct product *p, const float *a, const float *b, float beta, float *c) {
    size_t lda = p->transpose_a ? p->rows : p->depth, ldb = p->transpose_b ? p->depth : p->columns;
    if (p->samples) {
        if (beta == 0) memset(c, 0, p->rows * p->columns * sizeof *c);
        rows_multiply(p->rows, p->columns, p->depth, p->alpha, a, b, p->transpose_b, c);
        return;
    }
    cblas_sgemm(CblasRowMajor, transposed(p->transpose_a), transposed(p->transpose_b), (int)p->rows, (int)p->columns,
                (int)p->depth, p->alpha, a, (int)lda, b, (int)ldb, beta, c, (int)p->columns);
}

/* dA = alpha dC op(B)' + beta dA. A is not transposed here: gemm_infer refuses that of what has a gradient. */
static void multiply_gradient_a(const struct product *p, const float *b, const float *dc, float beta, float *da) {
    size_t ldb = p->transpose_b ? p->depth : p->columns;
    if (p->samples) {
        if (beta == 0) memset(da, 0, p->rows * p->depth * sizeof *da);
        rows_multiply(p->rows, p->depth, p->columns, p->alpha, dc, b, !p->transpose_b, da);
        return;
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed(!p->transpose_b), (int)p->rows, (int)p->depth, (int)p->columns,
                p->alpha, dc, (int)p->columns, b, (int)ldb, beta, da, (int)p->depth);
}

static void multiply_gradient_b(const struct product *p, const float *a, const float *dc, float beta, float *db) {
    if (p->transpose_b)
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)p->columns, (int)p->depth, (int)p->rows, p->alpha, dc,
                    (int)p->columns, a, (int)p->depth, beta, db, (int)p->depth);
    else
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)p->depth, (int)p->columns, (int)p->rows, p->alpha, a,
                    (int)p->depth, dc, (int)p->columns, beta, db, (int)p->columns);
}

/* ---- Gemm ---- */
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

static struct product gemm_product(const struct op_call *call) {
    const struct gemm *gemm = call->node->config;
    const struct shape *a = &call->in[0].shape, *b = &call->in[1].shape;
    return (struct product){.rows = a->dim[gemm->transpose_a],
                            .depth = a->dim[!gemm->transpose_a],
                            .columns = b->dim[!gemm->transpose_b],
                            .transpose_a = gemm->transpose_a,
                            .transpose_b = gemm->transpose_b,
                            .alpha = gemm->alpha,
                            .samples =
                                op_batch_first(call) && call->in[0].batched && !gemm->transpose_a && !call->training};
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
    struct product p = gemm_product(call);
    *out = (struct shape){2, {p.rows, p.columns}};
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

static void gemm_forward(const struct op_call *call) {
    const struct gemm *gemm = call->node->config;
    struct product p = gemm_product(call);
    bool bias = op_present(call, 2);
    if (bias) {
        size_t row, column;
        bias_strides(call, &row, &column);
        for (size_t i = 0; i < p.rows; i++)
            for (size_t j = 0; j < p.columns; j++)
                call->out.data[i * p.columns + j] = gemm->beta * call->in[2].data[i * row + j * column];
    }
    multiply(&p, call->in[0].data, call->in[1].data, bias ? 1 : 0, call->out.data);
}

/* Adds to the gradient when `keep` is 1, overwrites it when 0. */
static void gemm_gradient(const struct op_call *call, uint32_t input, const float *dy, float keep, float *d) {
    const struct gemm *gemm = call->node->config;
    struct product p = gemm_product(call);
    if (input == 0) {
        multiply_gradient_a(&p, call->in[1].data, dy, keep, d);
        return;
    }
    if (input == 1) {
        multiply_gradient_b(&p, call->in[0].data, dy, keep, d);
        return;
    }
    size_t row, column;
    bias_strides(call, &row, &column);
    if (keep == 0) memset(d, 0, shape_count(&call->in[2].shape) * sizeof *d);
    for (size_t i = 0; i < p.rows; i++)
        for (size_t j = 0; j < p.columns; j++) d[i * row + j * column] += gemm->beta * dy[i * p.columns + j];
}

static void gemm_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    gemm_gradient(call, input, dy, 0, d);
}

static void gemm_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    gemm_gradient(call, input, dy, 1, d);
}

/* ---- MatMul: NumPy's, with broadcasting of the leading dimensions ---- */

/* The operands as stacks of matrices: a vector on the left is one row, on the right one column. */
static void matmul_split(const struct op_call *call, struct product *p, struct shape *stack_a, struct shape *stack_b) {
    *stack_a = call->in[0].shape;
    *stack_b = call->in[1].shape;
    size_t depth = stack_a->dim[stack_a->rank - 1];
    *p = (struct product){.depth = depth, .alpha = 1, .rows = 1, .columns = 1};
    if (stack_a->rank > 1) p->rows = stack_a->dim[stack_a->rank - 2];
    if (stack_b->rank > 1) p->columns = stack_b->dim[stack_b->rank - 1];
    stack_a->rank -= stack_a->rank > 1 ? 2 : 1;
    stack_b->rank -= stack_b->rank > 1 ? 2 : 1;
    /* The same matrix for every one of the stack: one tall product. */
    if (stack_b->rank == 0 && call->in[0].shape.rank > 1) {
        p->rows *= shape_count(stack_a);
        p->samples = op_batch_first(call) && call->in[0].batched && !call->training;
        stack_a->rank = 0;
    }
}

static bool matmul_infer(const struct op_call *call, struct shape *out, struct error *e) {
    const struct shape *a = &call->in[0].shape, *b = &call->in[1].shape;
    char text_a[OP_SHAPE_TEXT], text_b[OP_SHAPE_TEXT];
    struct shape stack_a = *a, stack_b = *b;
    bool fits = a->rank > 0 && b->rank > 0 && a->dim[a->rank - 1] == b->dim[b->rank > 1 ? b->rank - 2 : 0];
    if (fits) {
        stack_a.rank -= a->rank > 1 ? 2 : 1;
        stack_b.rank -= b->rank > 1 ? 2 : 1;
        fits = broadcast_shape(&stack_a, &stack_b, out, NULL);
    }
    if (!fits)
        return error_set(e, "shapes %s and %s cannot be multiplied", shape_text(a, text_a, sizeof text_a),
                         shape_text(b, text_b, sizeof text_b));
    if (a->rank > 1) out->dim[out->rank++] = a->dim[a->rank - 2];
    if (b->rank > 1) out->dim[out->rank++] = b->dim[b->rank - 1];
    return true;
}

/* Every pair of matrices: `visit` gets their offsets in units of one matrix, and that of the result. */
static void matmul_each(const struct op_call *call, const struct product *p, const struct shape *stack_a,
                        const struct shape *stack_b,
                        void (*visit)(const struct op_call *, const struct product *, size_t, size_t, size_t, void *),
                        void *user) {
    struct broadcast loops;
    struct broadcast_offsets offsets = {{0}, 0, 0};
    broadcast_init(&loops, stack_a, stack_b);
    uint32_t last = loops.rank - 1;
    size_t out = 0;
    do {
        for (size_t i = 0; i < loops.dim[last]; i++)
            visit(call, p, offsets.a + i * loops.a[last], offsets.b + i * loops.b[last], out++, user);
    } while (broadcast_next(&loops, &offsets));
}

static void visit_forward(const struct op_call *call, const struct product *p, size_t a, size_t b, size_t c,
                          void *user) {
    (void)user;
    multiply(p, call->in[0].data + a * p->rows * p->depth, call->in[1].data + b * p->depth * p->columns, 0,
             call->out.data + c * p->rows * p->columns);
}

struct matmul_gradient {
    uint32_t input;
    const float *dy;
    float *d;
};

static void visit_gradient(const struct op_call *call, const struct product *p, size_t a, size_t b, size_t c,
                           void *user) {
    const struct matmul_gradient *m = user;
    size_t size_a = p->rows * p->depth, size_b = p->depth * p->columns;
    const float *dy = m->dy + c * p->rows * p->columns;
    if (m->input == 0) multiply_gradient_a(p, call->in[1].data + b * size_b, dy, 1, m->d + a * size_a);
    else multiply_gradient_b(p, call->in[0].data + a * size_a, dy, 1, m->d + b * size_b);
}

static void matmul_forward(const struct op_call *call) {
    struct product p;
    struct shape stack_a, stack_b;
    matmul_split(call, &p, &stack_a, &stack_b);
    matmul_each(call, &p, &stack_a, &stack_b, visit_forward, NULL);
}

static void matmul_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct product p;
    struct shape stack_a, stack_b;
    matmul_split(call, &p, &stack_a, &stack_b);
    matmul_each(call, &p, &stack_a, &stack_b, visit_gradient, &(struct matmul_gradient){input, dy, d});
}

static void matmul_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    memset(d, 0, shape_count(&call->in[input].shape) * sizeof *d);
    matmul_learn(call, input, dy, d);
}

const struct op op_gemm = {
    .name = "Gemm",
    .summary = "alpha A B + beta C, either factor transposed",
    .flags = OP_WEIGHTED | OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 3,
    .parse = gemm_parse,
    .infer = gemm_infer,
    .forward = gemm_forward,
    .backward = gemm_backward,
    .learn = gemm_learn,
};

const struct op op_matmul = {
    .name = "MatMul",
    .summary = "matrix product, with broadcasting of leading dimensions",
    .flags = OP_WEIGHTED | OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = matmul_infer,
    .forward = matmul_forward,
    .backward = matmul_backward,
    .learn = matmul_learn,
};
