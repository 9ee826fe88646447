/* elementwise.c: Add and Mul, with broadcasting. */
#include "nn/op.h"
#include "nn/ops/arithmetic.h"
#include "nn/ops/broadcast.h"
#include "nn/ops/fast_math.h"
#include "nn/ops/sums.h"

#include <string.h>

static bool elementwise_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    /* Before opset 7 an axis said where the second operand's dimensions belong. */
    if (node_attribute(node, "axis"))
        return error_set(e, "attribute 'axis' (broadcasting before opset 7) is not supported: convert the model to "
                            "opset 7 or later");
    return true;
}

static bool elementwise_infer(const struct op_call *call, struct shape *out, struct error *e) {
    return broadcast_shape(&call->in[0].shape, &call->in[1].shape, out, e);
}

#define FOR_EACH_RUN(offsets, loops)                                                                                   \
    for (struct broadcast_offsets offsets = {{0}, 0, 0}, *more_ = &offsets; more_;                                     \
         more_ = broadcast_next(&(loops), &offsets) ? &offsets : NULL)

FAST_CLONES static void add_run(float *restrict y, const float *restrict a, const float *restrict b, size_t n,
                                size_t sa, size_t sb) {
    if (sa && sb)
        for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
    else if (sa)
        for (size_t i = 0; i < n; i++) y[i] = a[i] + b[0];
    else
        for (size_t i = 0; i < n; i++) y[i] = a[0] + b[i * sb];
}

/* y += b, where the sum takes the place of the other operand. */
FAST_CLONES static void add_to(float *restrict y, const float *restrict b, size_t n, size_t sb) {
    if (sb)
        for (size_t i = 0; i < n; i++) y[i] += b[i];
    else
        for (size_t i = 0; i < n; i++) y[i] += b[0];
}

FAST_CLONES static void mul_run(float *restrict y, const float *restrict a, const float *restrict b, size_t n,
                                size_t sa, size_t sb) {
    if (sa && sb)
        for (size_t i = 0; i < n; i++) y[i] = a[i] * b[i];
    else if (sa)
        for (size_t i = 0; i < n; i++) y[i] = a[i] * b[0];
    else
        for (size_t i = 0; i < n; i++) y[i] = a[0] * b[i * sb];
}

/* The sum may take the place of an operand. */
static void add_or_add_to(float *y, const float *a, const float *b, size_t n, size_t sa, size_t sb) {
    if (a == y) add_to(y, b, n, sb);
    else if (b == y) add_to(y, a, n, sa);
    else add_run(y, a, b, n, sa, sb);
}

/* y = f(a, b), n elements that lie side by side in y. */
typedef void run_of_pairs(float *y, const float *a, const float *b, size_t n, size_t sa, size_t sb);

struct job {
    const float *a, *b;
    float *y;
    run_of_pairs *run;
};

static void pairs_part(const struct broadcast_part *part, void *user) {
    const struct job *j = user;
    const struct broadcast *loops = &part->loops;
    uint32_t last = loops->rank - 1;
    size_t n = loops->dim[last];
    float *y = j->y + part->out;
    FOR_EACH_RUN(p, *loops) {
        j->run(y, j->a + part->a + p.a, j->b + part->b + p.b, n, loops->a[last], loops->b[last]);
        y += n;
    }
}

static void forward(const struct op_call *call, run_of_pairs *run) {
    struct broadcast loops;
    broadcast_init(&loops, &call->in[0].shape, &call->in[1].shape);
    broadcast_share(&loops, call->team, pairs_part,
                    &(struct job){call->in[0].data, call->in[1].data, call->out.data, run});
}

static void add_forward(const struct op_call *call) {
    forward(call, add_or_add_to);
}

static void mul_forward(const struct op_call *call) {
    forward(call, mul_run);
}

/* d[i * sd] += dy[i] (times other[i * so], unless NULL) */
FAST_CLONES static void gradient_run(float *restrict d, const float *restrict dy, const float *restrict other, size_t n,
                                     size_t sd, size_t so) {
    if (!sd) {
        double sum = other && so ? dot_dense(dy, other, n) : sum_dense(dy, n);
        d[0] += (float)(other && !so ? sum * (double)other[0] : sum);
    } else if (!other) {
        for (size_t i = 0; i < n; i++) d[i] += dy[i];
    } else if (so) {
        for (size_t i = 0; i < n; i++) d[i] += dy[i] * other[i];
    } else {
        for (size_t i = 0; i < n; i++) d[i] += dy[i] * other[0];
    }
}

/* The operand whose gradient it is comes first. */
struct gradient_job {
    const float *dy, *other; /* other: NULL: 1 */
    float *d;
};

static void gradient_part(const struct broadcast_part *part, void *user) {
    const struct gradient_job *j = user;
    const struct broadcast *loops = &part->loops;
    uint32_t last = loops->rank - 1;
    const float *dy = j->dy + part->out, *other = j->other ? j->other + part->b : NULL;
    float *d = j->d + part->a;
    FOR_EACH_RUN(p, *loops) {
        gradient_run(d + p.a, dy, other ? other + p.b : NULL, loops->dim[last], loops->a[last], loops->b[last]);
        dy += loops->dim[last];
    }
}

/* Shared only where no two parts add to the same element. */
static void add_gradient(const struct op_call *call, uint32_t input, const float *dy, float *d, bool times_other) {
    struct broadcast loops;
    broadcast_init(&loops, &call->in[input].shape, &call->in[1 - input].shape);
    broadcast_share(&loops, loops.a[0] ? call->team : NULL, gradient_part,
                    &(struct gradient_job){dy, times_other ? call->in[1 - input].data : NULL, d});
}

static void add_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    add_gradient(call, input, dy, d, false);
}

static void mul_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    add_gradient(call, input, dy, d, true);
}

/* No element of the input is repeated: its gradient can be written at once. */
static bool is_whole(const struct op_call *call, uint32_t input) {
    return shape_count(&call->in[input].shape) == shape_count(&call->out.shape);
}

static void copy_range(void *user, size_t first, size_t count) {
    const struct job *j = user;
    memcpy(j->y + first, j->a + first, count * sizeof *j->y);
}

#define COPY_PIECE 32768u

static void add_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    if (is_whole(call, input)) {
        thread_team_share(call->team, shape_count(&call->out.shape), COPY_PIECE, copy_range,
                          &(struct job){.a = dy, .y = d});
        return;
    }
    memset(d, 0, shape_count(&call->in[input].shape) * sizeof *d);
    add_gradient(call, input, dy, d, false);
}

static void mul_backward(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct broadcast loops;
    if (!is_whole(call, input)) {
        memset(d, 0, shape_count(&call->in[input].shape) * sizeof *d);
        add_gradient(call, input, dy, d, true);
        return;
    }
    /* The gradient of the output has the shape of this operand. */
    broadcast_init(&loops, &call->in[input].shape, &call->in[1 - input].shape);
    broadcast_share(&loops, call->team, pairs_part, &(struct job){dy, call->in[1 - input].data, d, mul_run});
}

const struct op op_add = {
    .name = "Add",
    .summary = "sum, with broadcasting",
    .flags = OP_JOINS | OP_LINEAR | OP_FORGETS | OP_ADDS | OP_LOCAL,
    .min_inputs = 2,
    .max_inputs = 2,
    .parse = elementwise_parse,
    .infer = elementwise_infer,
    .integers = arithmetic_integers,
    .forward = add_forward,
    .backward = add_backward,
    .learn = add_learn,
};

const struct op op_mul = {
    .name = "Mul",
    .summary = "product, with broadcasting",
    .flags = OP_JOINS | OP_LINEAR | OP_LOCAL,
    .min_inputs = 2,
    .max_inputs = 2,
    .parse = elementwise_parse,
    .infer = elementwise_infer,
    .integers = arithmetic_integers,
    .forward = mul_forward,
    .backward = mul_backward,
    .learn = mul_learn,
};
