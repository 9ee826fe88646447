/* Operators on arrays large enough to be shared: any team computes the same bits, forward and back. */
#include "op_build.h"

#include "arrays.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 3u
#define TEAM 3u

static const struct variant variants[] = {
    {"Conv", "x 20x12x1x1 20", "12x61x50", "", false},
    {"Conv", "x 20x6x1x1 20", "12x61x50", "group=2", false},
    {"Conv", "x 70x3x4x4 70", "3x128x132", "strides=[4,4]", false},
    {"Conv", "x 24x3x5x5 24", "6x50x41", "group=2 pads=[2,2,2,2]", false},
    {"Conv", "x 40x1x3x3 40", "20x61x50", "group=20 pads=[1,1,1,1]", false},
    {"Conv", "x 40x1x5x5 40", "40x61x50", "group=40 pads=[2,2,2,2] strides=[2,2]", false},
    {"Conv", "x 9x4x2x3x3", "4x9x30x31", "pads=[0,1,1,1,1,1]", false},
    {"ConvTranspose", "x 12x20x2x2 20", "12x40x41", "strides=[2,2]", false},
    {"ConvTranspose", "x 12x20x1x1 20", "12x60x61", "", false},
    {"Gemm", "x 3000x257 257", "3000", "", false},
    {"Gemm", "x 257x3000 257", "3000", "transB=1 beta=2.0 alpha=0.5", false},
    {"MatMul", "x 65x200", "9x70x65", "", false},
    {"MatMul", "x x", "5x150x150", "", false},
    {"MatMul", "x 5x150x90", "5x80x150", "", false},
    {"MatMul", "60x70 x", "5x70x90", "", false},
    {"Einsum", "x 7x65x90", "7x65x70", "equation=bhij,hik->bhjk", false},
    {"Erf", "x", "3x131x130", "", false},
    {"Gelu", "x", "3x131x130", "", false},
    {"Clip", "x {0} {6}", "3x131x130", "", false},
    {"Clip", "x {-.5} {.25}", "3x131x131", "", false},
    {"Add", "x 3x131x130", "3x131x130", "", false},
    {"Add", "x 3x1x1", "3x131x130", "", false},
    {"Add", "x g", "40x50x51", "", false},
    {"Mul", "x g", "40x50x51", "", false},
    {"Mul", "g x", "40x50x51", "", false},
    {"Mul", "x 1x131x1", "3x131x130", "", false},
    {"Mul", "x x", "3x131x130", "", false},
    {"Sub", "x g", "40x50x51", "", false},
    {"Sub", "131x130 x", "3x131x130", "", false},
    {"Div", "x {1.5}", "3x131x130", "", false},
    {"Max", "x g", "40x50x51", "", false},
    {"Softmax", "x", "6x90x91", "axis=-1", false},
    {"Softmax", "x", "6x90x91", "axis=1", false},
    {"LogSoftmax", "x", "6x90x91", "axis=-1", false},
    {"LayerNormalization", "x 91 91", "6x90x91", "", false},
    {"InstanceNormalization", "x 40 40", "40x50x51", "", false},
    {"GroupNormalization", "x 40 40", "40x50x51", "num_groups=8", false},
    {"BatchNormalization", "x 40 40 40 40", "40x50x51", "", false},
    {"Transpose", "x", "6x70x93", "perm=[0,2,1,3]", false},
    {"Transpose", "x", "6x70x93", "perm=[0,2,3,1]", false},
    {"Transpose", "x", "6x70x93", "perm=[0,3,1,2]", false},
    {"Transpose", "x", "6x70x93", "perm=[0,3,2,1]", false},
    {"Transpose", "x", "300x93", "perm=[0,2,1]", false},
    {"Slice", "x [10] [80] [2]", "6x90x91", "", false},
    {"Slice", "x [89,3] [2,91] [2,3] [-3,2]", "6x90x91", "", false},
    {"Gather", "x [0,2,2,5]", "6x90x91", "axis=1", false},
    {"Pad", "x [0,0,3,0,0,0,2,4]", "6x90x91", "", false},
    {"Expand", "x [1,5,70,91]", "1x70x91", "", false},
    {"Concat", "x x", "6x90x91", "axis=1", false},
    {"Concat", "x g", "40x1x900", "axis=3", false},
    {"AveragePool", "x", "40x50x51", "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", false},
    {"MaxPool", "x", "40x50x51", "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", false},
    {"GlobalAveragePool", "x", "40x50x51", "", false},
};

/* The output, then the gradient of every input that depends on the network's. */
static float *compute(const struct op_call *given, struct thread_team *team, const float *dy, size_t *count) {
    struct op_call call = *given;
    const struct op *op = call.node->op;
    size_t out = shape_count(&call.out.shape), at = out, n = out;
    for (uint32_t i = 0; i < call.node->input_count; i++) n += call.in[i].batched ? shape_count(&call.in[i].shape) : 0;
    float *all = arrays_nowhere(n), *scratch;
    call.workers = thread_team_size(team);
    call.team = team;
    call.out.data = all;
    call.saved = arrays_nowhere(op->saved ? op->saved(&call) : 0);
    call.scratch = scratch = arrays_nowhere(op->scratch ? op->scratch(&call) : 0);
    op->forward(&call);
    for (uint32_t i = 0; i < call.node->input_count; i++) {
        if (!call.in[i].batched) continue;
        op->backward(&call, i, dy, all + at);
        at += shape_count(&call.in[i].shape);
    }
    free(call.saved);
    free(scratch);
    *count = n;
    return all;
}

/* One operator, with random numbers for all its operands. */
struct trial {
    struct graph *graph;
    struct shape *shapes;
    struct op_call call;
    struct operand in[MOST_OPERANDS];
    float *data[MOST_OPERANDS]; /* NULL: absent, or a constant; the first samples are the same in any batch */
};

static void trial_init(struct trial *t, const struct variant *v) {
    struct error e;
    memset(t, 0, sizeof *t);
    cr_assert(build(v, &t->graph, &e), "%s (%s; %s; %s): %s", v->op, v->inputs, v->sample, v->attributes, e.text);
    t->shapes = calloc(t->graph->value_count, sizeof *t->shapes);
    cr_assert_not_null(t->shapes);
}

/* For so many samples; the first time that is as many as there will be. */
static void trial_resize(struct trial *t, const struct variant *v, uint32_t samples) {
    struct error e;
    cr_assert(graph_infer(t->graph, samples, t->shapes, &e), "%s: %s", v->op, e.text);
    const struct node *node = &t->graph->nodes[t->graph->node_count - 1];
    op_call_init(&t->call, t->graph, node, t->shapes, t->in);
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (!op_present(&t->call, i) || t->graph->values[node->inputs[i]].kind == VALUE_CONSTANT) continue;
        size_t n = shape_count(&t->in[i].shape);
        bool variance = strcmp(v->op, "BatchNormalization") == 0 && i == 4;
        if (!t->data[i]) {
            t->data[i] = arrays_normal(n, i);
            for (size_t k = 0; variance && k < n; k++) t->data[i][k] = .5f + t->data[i][k] * t->data[i][k];
        }
        t->in[i].data = t->data[i];
    }
}

static void trial_finish(struct trial *t) {
    for (size_t i = 0; i < MOST_OPERANDS; i++) free(t->data[i]);
    free(t->shapes);
    graph_destroy(t->graph);
}

static void check_teams(const struct variant *v, struct thread_team *const *teams) {
    struct trial t;
    size_t n, wanted;
    trial_init(&t, v);
    trial_resize(&t, v, SAMPLES);
    float *dy = arrays_normal(shape_count(&t.call.out.shape), 99), *alone = compute(&t.call, NULL, dy, &wanted);
    for (size_t i = 0; i < wanted; i++)
        cr_assert(alone[i] - alone[i] == 0, "%s: element %zu was not written", v->op, i);
    for (unsigned i = 0; i < TEAM - 1; i++) {
        float *together = compute(&t.call, teams[i], dy, &n);
        cr_expect_arr_eq(alone, together, n * sizeof *alone, "%s (%s; %s; %s): by %u", v->op, v->inputs, v->sample,
                         v->attributes, i + 2);
        free(together);
    }
    free(alone);
    free(dy);
    trial_finish(&t);
}

Test(op_threads, any_team_computes_the_same_bits) {
    struct thread_team *teams[TEAM - 1];
    struct error e;
    for (unsigned i = 0; i < TEAM - 1; i++) cr_assert(thread_team_create(i + 2, &teams[i], &e), "%s", e.text);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) check_teams(&variants[i], teams);
    for (unsigned i = 0; i < TEAM - 1; i++) thread_team_destroy(teams[i]);
}

/* The first sample alone has the bits it has among others. */
static void check_batch(const struct variant *v) {
    struct trial t;
    float *results[2], *dy = NULL;
    size_t counts[2], outs[2];
    trial_init(&t, v);
    for (int k = 0; k < 2; k++) {
        trial_resize(&t, v, k ? 1 : SAMPLES);
        outs[k] = shape_count(&t.call.out.shape);
        if (!dy) dy = arrays_normal(outs[k], 99);
        results[k] = compute(&t.call, NULL, dy, &counts[k]);
    }
    cr_expect_arr_eq(results[0], results[1], outs[1] * sizeof(float), "%s (%s; %s; %s)", v->op, v->inputs, v->sample,
                     v->attributes);
    if (t.in[0].batched)
        cr_expect_arr_eq(results[0] + outs[0], results[1] + outs[1], shape_count(&t.in[0].shape) * sizeof(float),
                         "%s (%s; %s; %s): back", v->op, v->inputs, v->sample, v->attributes);
    free(results[0]), free(results[1]), free(dy);
    trial_finish(&t);
}

Test(op_threads, samples_do_not_depend_on_their_batch) {
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) check_batch(&variants[i]);
}

/* An operator that may run in the array it reads computes the same there. */
static void check_in_place(const struct variant *v, struct thread_team *team) {
    struct trial t;
    size_t count;
    trial_init(&t, v);
    trial_resize(&t, v, SAMPLES);
    size_t n = shape_count(&t.call.out.shape);
    float *dy = arrays_normal(n, 99), *wanted = compute(&t.call, NULL, dy, &count), *y = t.data[0];
    cr_assert_eq(count, 2 * n);
    t.call.team = team;
    t.call.out.data = y;
    t.call.node->op->forward(&t.call);
    cr_expect_arr_eq(y, wanted, n * sizeof *y, "%s: forward", v->op);
    t.call.node->op->backward(&t.call, 0, dy, dy);
    cr_expect_arr_eq(dy, wanted + n, n * sizeof *dy, "%s: back", v->op);
    free(dy);
    free(wanted);
    trial_finish(&t);
}

Test(op_threads, what_may_run_in_place_does) {
    struct thread_team *team;
    struct error e;
    size_t checked = 0;
    cr_assert(thread_team_create(2, &team, &e), "%s", e.text);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        if (!(op_find(variants[i].op)->flags & OP_IN_PLACE)) continue;
        check_in_place(&variants[i], team);
        checked++;
    }
    cr_expect_gt(checked, 0);
    thread_team_destroy(team);
}

/* Where a value is read several times, the gradient of the next reader is added in place: the same sum. */
static size_t check_adds(const struct variant *v, struct thread_team *team) {
    struct trial t;
    size_t count, at, checked = 0;
    trial_init(&t, v);
    trial_resize(&t, v, SAMPLES);
    at = shape_count(&t.call.out.shape);
    float *dy = arrays_normal(at, 99), *all = compute(&t.call, NULL, dy, &count);
    t.call.team = team;
    t.call.workers = thread_team_size(team);
    t.call.scratch = arrays_nowhere(t.call.node->op->scratch ? t.call.node->op->scratch(&t.call) : 0);
    for (uint32_t i = 0; i < t.call.node->input_count; i++) {
        if (!t.in[i].batched) continue;
        size_t n = shape_count(&t.in[i].shape), wrong = 0;
        float *before = arrays_normal(n, 7), *d = arrays_normal(n, 7);
        t.call.node->op->learn(&t.call, i, dy, d);
        for (size_t k = 0; k < n; k++)
            wrong += !(fabsf(d[k] - (before[k] + all[at + k])) <= 1e-6f * (1 + fabsf(before[k]) + fabsf(all[at + k])));
        cr_expect_eq(wrong, 0, "%s (%s; %s; %s): input %u: %zu are wrong", v->op, v->inputs, v->sample, v->attributes,
                     i, wrong);
        at += n;
        checked++;
        free(before), free(d);
    }
    free(t.call.scratch), free(dy), free(all);
    trial_finish(&t);
    return checked;
}

Test(op_threads, gradients_are_added_where_that_is_promised) {
    struct thread_team *team;
    struct error e;
    size_t checked = 0;
    cr_assert(thread_team_create(2, &team, &e), "%s", e.text);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        if (op_find(variants[i].op)->flags & OP_ADDS) checked += check_adds(&variants[i], team);
    cr_expect_gt(checked, 10);
    thread_team_destroy(team);
}
