/* matmul.c: MatMul: NumPy's, with broadcasting of the leading dimensions. */
#include "base/sizes.h"
#include "nn/ops/broadcast.h"
#include "nn/ops/multiply.h"

#include <string.h>

/* The operands as stacks of matrices: a vector on the left is one row, on the right one column. */
struct matmul {
    size_t rows, columns, depth;
    struct shape stack[2], stack_out;
};

static struct matmul matmul_split(const struct op_call *call) {
    struct matmul m = {.rows = 1, .columns = 1, .stack = {call->in[0].shape, call->in[1].shape}};
    struct shape *a = &m.stack[0], *b = &m.stack[1];
    m.depth = a->dim[a->rank - 1];
    if (a->rank > 1) m.rows = a->dim[a->rank - 2];
    if (b->rank > 1) m.columns = b->dim[b->rank - 1];
    a->rank -= a->rank > 1 ? 2 : 1;
    b->rank -= b->rank > 1 ? 2 : 1;
    /* The same matrix for every one of the stack: one tall product. */
    if (b->rank == 0 && call->in[0].shape.rank > 1) {
        m.rows *= shape_count(a);
        a->rank = 0;
    }
    broadcast_shape(a, b, &m.stack_out, NULL); /* infer has found them to fit */
    return m;
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

/* ---- One of the products: C = A B, dA = dC B', dB = A' dC ---- */

enum result { GRADIENT_A, GRADIENT_B, FORWARD };

static struct product product_of(const struct matmul *m, enum result result) {
    struct product p = {.rows = m->rows, .columns = m->columns, .depth = m->depth, .scale = 1};
    p.a = product_factor(NULL, m->depth, false);
    p.b = product_factor(NULL, m->columns, false);
    if (result == GRADIENT_A) {
        p.columns = m->depth;
        p.depth = m->columns;
        p.a = product_factor(NULL, m->columns, false);
        p.b = product_factor(NULL, m->columns, true);
    } else if (result == GRADIENT_B) {
        p.rows = m->depth;
        p.depth = m->rows;
        p.a = product_factor(NULL, m->depth, true);
    }
    p.c_row = p.columns;
    return p;
}

/* Where the matrices of each are: those of the stack's product number i. */
struct stacks {
    struct matmul m;
    enum result result;
    struct broadcast loops;
    const float *a, *b, *dc;
    float *to;
};

static void make_product(const void *user, size_t i, struct product *p) {
    const struct stacks *s = user;
    size_t at[3] = {0, 0, i}, left = i; /* in the stacks of A, of B, of C */
    for (uint32_t k = s->loops.rank; k-- > 0; left /= s->loops.dim[k]) {
        at[0] += left % s->loops.dim[k] * s->loops.a[k];
        at[1] += left % s->loops.dim[k] * s->loops.b[k];
    }
    const float *a = s->a + at[0] * s->m.rows * s->m.depth, *b = s->b + at[1] * s->m.depth * s->m.columns;
    const float *dc = s->dc ? s->dc + i * s->m.rows * s->m.columns : NULL;
    p->a.data = s->result == GRADIENT_A ? dc : a;
    p->b.data = s->result == GRADIENT_B ? dc : b;
    p->c = s->to + at[s->result] * p->rows * p->columns;
}

static struct stacks stacks_of(const struct op_call *call, enum result result, const float *dc, float *to) {
    struct stacks s = {.m = matmul_split(call), .result = result, .dc = dc, .to = to};
    s.a = call->in[0].data;
    s.b = call->in[1].data;
    broadcast_init(&s.loops, &s.m.stack[0], &s.m.stack[1]);
    return s;
}

static size_t matmul_scratch(const struct op_call *call) {
    struct matmul m = matmul_split(call);
    size_t most = 0;
    for (int result = GRADIENT_A; result <= FORWARD; result++) {
        struct product p = product_of(&m, (enum result)result);
        most = size_max(most, multiply_scratch(call, &p));
    }
    return most;
}

static void matmul_forward(const struct op_call *call) {
    struct stacks s = stacks_of(call, FORWARD, NULL, call->out.data);
    struct product p = product_of(&s.m, FORWARD);
    multiply_many(call, shape_count(&s.m.stack_out), &p, make_product, &s, call->scratch);
}

/* One after the other, as several may add to the same matrix. */
static void add_gradients(const struct op_call *call, const struct stacks *s) {
    struct product p = product_of(&s->m, s->result);
    p.add = true;
    for (size_t i = 0; i < shape_count(&s->m.stack_out); i++) {
        struct product one = p;
        make_product(s, i, &one);
        multiply_run(call, &one, call->scratch);
    }
}

static void matmul_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct stacks s = stacks_of(call, input ? GRADIENT_B : GRADIENT_A, dy, d);
    add_gradients(call, &s);
}

static void matmul_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct stacks s = stacks_of(call, input ? GRADIENT_B : GRADIENT_A, dy, d);
    size_t count = shape_count(&s.m.stack_out);
    if (shape_count(&s.m.stack[input]) == count) {
        struct product p = product_of(&s.m, s.result);
        multiply_many(call, count, &p, make_product, &s, call->scratch);
        return;
    }
    memset(d, 0, shape_count(&call->in[input].shape) * sizeof *d);
    add_gradients(call, &s);
}

const struct op op_matmul = {
    .name = "MatMul",
    .summary = "matrix product, with broadcasting of leading dimensions",
    .flags = OP_WEIGHTED | OP_LINEAR,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = matmul_infer,
    .scratch = matmul_scratch,
    .forward = matmul_forward,
    .backward = matmul_backward,
    .learn = matmul_learn,
};
