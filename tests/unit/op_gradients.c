/* Every operator and its variants: gradients against central differences, and what the executor relies on. */
#include "op_build.h"
#include "op_variants.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 3

/* ---- One call with memory of its own for every operand ---- */

struct trial {
    struct graph *graph;
    struct shape *shapes;
    struct op_call call;
    struct operand in[MOST_OPERANDS];
    float *output_gradient;
    size_t out_count;
};

/* All distinct and at least .03 apart, none within .01 of zero: no kink lies within a step. */
static void fill_distinct(float *data, size_t n, uint64_t seed) {
    struct rng rng = rng_stream(seed, "op test", n);
    uint32_t *order = malloc(n * sizeof *order);
    rng_permutation(&rng, (uint32_t)n, order);
    float step = n > 60 ? .03f : 1.8f / (float)n;
    for (size_t i = 0; i < n; i++) data[i] = ((float)order[i] - (float)n / 2 + .5f + (n % 2 ? .4f : 0)) * step;
    free(order);
}

static void fill_positive(float *data, size_t n, uint64_t seed) {
    struct rng rng = rng_stream(seed, "op test", n);
    for (size_t i = 0; i < n; i++) data[i] = .5f + (float)rng_uniform(&rng);
}

static bool wants_positive(const char *op, uint32_t input) {
    static const char *const always[] = {"Div", "Pow", "Sqrt", "Log", "Reciprocal", "ReduceLogSum"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (strcmp(always[i], op) == 0) return true;
    return strcmp(op, "BatchNormalization") == 0 && input > 0;
}

/* Absent, or a constant that belongs to the node as it is. */
static bool is_fixed(const struct trial *b, uint32_t input) {
    return !op_present(&b->call, input) || b->graph->values[b->call.node->inputs[input]].kind == VALUE_CONSTANT;
}

/* At inference and in training, which may take different routes. */
static size_t scratch_size(const struct trial *b) {
    struct op_call call = b->call;
    size_t most = 0;
    for (int training = 0; training < 2 && call.node->op->scratch; training++) {
        call.training = training;
        size_t size = call.node->op->scratch(&call);
        most = size > most ? size : most;
    }
    return most;
}

static void trial_init(struct trial *b, const struct variant *v) {
    struct error e;
    memset(b, 0, sizeof *b);
    cr_assert(build(v, &b->graph, &e), "%s (%s; %s; %s): %s", v->op, v->inputs, v->sample, v->attributes, e.text);
    b->shapes = calloc(b->graph->value_count, sizeof *b->shapes);
    cr_assert(graph_infer(b->graph, b->graph->single ? 1 : SAMPLES, b->shapes, &e), "%s: %s", v->op, e.text);
    const struct node *node = &b->graph->nodes[b->graph->node_count - 1];
    op_call_init(&b->call, b->graph, node, b->shapes, b->in);
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (is_fixed(b, i)) continue;
        size_t n = shape_count(&b->in[i].shape);
        b->in[i].data = malloc(n * sizeof(float));
        if (wants_positive(v->op, i)) fill_positive(b->in[i].data, n, i);
        else fill_distinct(b->in[i].data, n, i);
        if (strcmp(v->op, "Clip") == 0 && i > 0) b->in[i].data[0] = i == 1 ? -.41f : .43f;
    }
    b->out_count = shape_count(&b->call.out.shape);
    b->call.training = v->training;
    b->call.out.data = malloc(b->out_count * sizeof(float));
    b->call.scratch = malloc((scratch_size(b) + 1) * sizeof(float));
    b->call.saved = malloc(((node->op->saved ? node->op->saved(&b->call) : 0) + 1) * sizeof(float));
    b->output_gradient = malloc(b->out_count * sizeof(float));
    fill_distinct(b->output_gradient, b->out_count, 99);
}

static void trial_finish(struct trial *b) {
    for (uint32_t i = 0; i < b->call.node->input_count; i++)
        if (!is_fixed(b, i)) free(b->in[i].data);
    free(b->call.out.data);
    free(b->call.scratch);
    free(b->call.saved);
    free(b->output_gradient);
    free(b->shapes);
    graph_destroy(b->graph);
}

static double objective(struct trial *b) {
    double sum = 0;
    b->call.node->op->forward(&b->call);
    for (size_t i = 0; i < b->out_count; i++) sum += (double)b->call.out.data[i] * (double)b->output_gradient[i];
    return sum;
}

static double difference(struct trial *b, float *at) {
    const float step = .005f, value = *at;
    *at = value + step;
    double up = objective(b), width = (double)*at;
    *at = value - step;
    double down = objective(b);
    width -= (double)*at;
    *at = value;
    return (up - down) / width;
}

/* The largest deviation from central differences, in parts of the largest gradient. */
static double worst_deviation(struct trial *b, uint32_t input, const float *gradient, float offset) {
    double worst = 0, scale = 1e-3;
    size_t n = shape_count(&b->in[input].shape);
    for (size_t i = 0; i < n; i++) {
        double wanted = difference(b, &b->in[input].data[i]), found = (double)(gradient[i] - offset);
        scale = fmax(scale, fabs(wanted));
        worst = fabs(found - wanted) <= worst ? worst : fabs(found - wanted); /* NaN is worst */
    }
    return worst / scale;
}

static void check_input(struct trial *b, const struct variant *v, uint32_t input) {
    const struct op *op = b->call.node->op;
    size_t n = shape_count(&b->in[input].shape);
    float *gradient = malloc(n * sizeof *gradient);
    bool batched = b->in[input].batched;
    /* For data it overwrites whatever is there, for parameters it adds. */
    for (size_t i = 0; i < n; i++) gradient[i] = batched ? NAN : 1;
    objective(b);
    (batched ? op->backward : op->learn)(&b->call, input, b->output_gradient, gradient);
    double deviation = worst_deviation(b, input, gradient, batched ? 0 : 1);
    cr_expect(deviation < 1e-3, "%s (%s; %s; %s): gradient of input %u is off by %g", v->op, v->inputs, v->sample,
              v->attributes, input, deviation);
    free(gradient);
}

Test(op_gradients, agree_with_central_differences) {
    for (const struct variant *v = variants; v < variants + VARIANTS; v++) {
        struct trial b;
        trial_init(&b, v);
        bool statistics = strcmp(v->op, "BatchNormalization") == 0; /* inputs 3 and 4 are not learnt */
        for (uint32_t i = 0; i < b.call.node->input_count && !(statistics && i > 2); i++) {
            if (is_fixed(&b, i) || !(b.in[i].batched || b.call.node->op->learn)) continue;
            if (b.in[i].batched) check_input(&b, v, i);
            b.call.training |= !statistics;
            check_input(&b, v, i);
            b.call.training = v->training;
        }
        trial_finish(&b);
    }
}

/* What op.h states, at x = -1, 1 and 9 with arriving gradients of 2 and -2. */
Test(op_gradients, rules_of_rectifiers) {
    static const struct {
        const char *op, *inputs;
        float slope[3];
    } cases[] = {{"Relu", "x", {0, 1, 1}},          {"LeakyRelu", "x", {.01f, 1, 1}},
                 {"PRelu", "x 1", {.5f, 1, 1}},     {"Elu", "x", {.36787944f, 1, 1}},
                 {"Celu", "x", {.36787944f, 1, 1}}, {"ThresholdedRelu", "x", {0, 0, 1}},
                 {"Clip", "x 1 1", {0, 1, 0}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (enum net_rule rule = NET_GRADIENT; rule <= NET_DECONVNET; rule++) {
            struct trial b;
            trial_init(&b, &(struct variant){cases[i].op, cases[i].inputs, "2", "", false});
            float x[6] = {-1, -1, 1, 1, 9, 9}, dy[6] = {2, -2, 2, -2, 2, -2}, dx[6];
            memcpy(b.in[0].data, x, sizeof x);
            if (b.call.node->input_count > 1) b.in[1].data[0] = b.call.node->input_count == 2 ? .5f : 0;
            if (b.call.node->input_count > 2) b.in[2].data[0] = 6;
            b.call.rule = rule;
            b.call.node->op->forward(&b.call);
            b.call.node->op->backward(&b.call, 0, dy, dx);
            for (size_t k = 0; k < 6; k++) {
                float arrives = rule != NET_GRADIENT && dy[k] < 0 ? 0 : dy[k];
                float wanted = rule == NET_DECONVNET ? arrives : arrives * cases[i].slope[k / 2];
                cr_expect_float_eq(dx[k], wanted, 1e-6, "%s, rule %d, element %zu: %g", cases[i].op, (int)rule, k,
                                   (double)dx[k]);
            }
            trial_finish(&b);
        }
}

Test(op_gradients, every_operator_of_the_table_is_tested) {
    for (const struct op *const *op = ops_all(); *op; op++) {
        bool at_load = (*op)->define || (!(*op)->backward && (*op)->integers), found = at_load;
        for (size_t i = 0; i < VARIANTS; i++) found |= strcmp(variants[i].op, (*op)->name) == 0;
        cr_expect(found, "%s", (*op)->name);
        cr_expect(at_load || ((*op)->forward && (*op)->backward), "%s", (*op)->name);
    }
}

/* ---- Windows against plain loops in double ---- */

#define AXES 3 /* depth, height, width: those that are missing in front have one element */

static size_t extent(const struct shape *s, size_t axis) {
    return s->rank + axis >= AXES + 2 ? s->dim[s->rank + axis - AXES] : 1;
}

/* NAN outside. */
static double element(const struct operand *x, size_t sample, size_t channel, const ptrdiff_t at[AXES]) {
    size_t index = sample * x->shape.dim[1] + channel;
    for (size_t i = 0; i < AXES; i++) {
        size_t size = extent(&x->shape, i);
        if (at[i] < 0 || at[i] >= (ptrdiff_t)size) return NAN;
        index = index * size + (size_t)at[i];
    }
    return (double)x->data[index];
}

static int64_t attribute_number(const struct node *node, const char *name, int64_t fallback) {
    const struct attribute *a = node_attribute(node, name);
    return a ? a->integer : fallback;
}

/* Of an axis; a list may be of the last ones alone. */
static int64_t attribute_at(const struct node *node, const char *name, size_t axis, int64_t fallback) {
    const struct attribute *a = node_attribute(node, name);
    size_t axes = !a ? 0 : strcmp(name, "pads") == 0 ? a->count / 2 : a->count;
    return axis + axes < AXES ? fallback : a->ints[axis + axes - AXES];
}

/* The value of one output element by the definition, for explicit padding. */
static double expected(const struct trial *b, size_t sample, size_t channel, const size_t at[AXES]) {
    const struct node *node = b->call.node;
    const struct operand *x = &b->in[0], *w = &b->in[1];
    bool conv = strcmp(node->op->name, "Conv") == 0, max = strcmp(node->op->name, "MaxPool") == 0;
    size_t kernel[AXES], inner = conv ? w->shape.dim[1] : 1, taps = 1;
    for (size_t i = 0; i < AXES; i++) {
        kernel[i] = conv ? extent(&w->shape, i) : (size_t)attribute_at(node, "kernel_shape", i, 1);
        taps *= kernel[i];
    }
    size_t group = conv ? channel / (w->shape.dim[0] / (size_t)attribute_number(node, "group", 1)) : channel;
    double sum = conv && node->input_count > 2 ? (double)b->in[2].data[channel] : 0, best = -INFINITY, inside = 0;
    for (size_t k = 0; k < inner * taps; k++) {
        ptrdiff_t place[AXES];
        for (size_t i = AXES, rest = k; i-- > 0; rest /= kernel[i])
            place[i] = (ptrdiff_t)at[i] * attribute_at(node, "strides", i, 1) - attribute_at(node, "pads", i, 0) +
                       (ptrdiff_t)(rest % kernel[i]) * attribute_at(node, "dilations", i, 1);
        double value = element(x, sample, group * inner + k / taps, place);
        if (isnan(value)) continue;
        inside++;
        best = fmax(best, value);
        sum += value * (conv ? (double)w->data[channel * inner * taps + k] : 1);
    }
    bool all = attribute_number(node, "count_include_pad", 0) != 0;
    return conv ? sum : max ? best : sum / (all ? (double)taps : inside);
}

Test(op_gradients, windows_agree_with_plain_loops) {
    size_t checked = 0;
    for (const struct variant *v = variants; v < variants + VARIANTS; v++) {
        bool window = strcmp(v->op, "Conv") == 0 || strcmp(v->op, "MaxPool") == 0 || strcmp(v->op, "AveragePool") == 0;
        if (!window || strstr(v->attributes, "auto_pad=SAME") || strstr(v->attributes, "ceil_mode"))
            continue; /* those are in the ONNX conformance cases */
        struct trial b;
        trial_init(&b, v);
        objective(&b);
        size_t channels = b.call.out.shape.dim[1];
        for (size_t i = 0; i < b.out_count; i++, checked++) {
            size_t plane = i, at[AXES];
            for (size_t k = AXES; k-- > 0; plane /= extent(&b.call.out.shape, k))
                at[k] = plane % extent(&b.call.out.shape, k);
            double wanted = expected(&b, plane / channels, plane % channels, at);
            cr_expect(fabs((double)b.call.out.data[i] - wanted) < 1e-5 * (1 + fabs(wanted)),
                      "%s (%s; %s; %s) at %zu: %g instead of %g", v->op, v->inputs, v->sample, v->attributes, i,
                      (double)b.call.out.data[i], wanted);
        }
        trial_finish(&b);
    }
    cr_assert_gt(checked, 1000);
}

/* Rounded up, it sees the whole input once: PyTorch's AvgPool2d divides by what lies inside the input and, with
 * count_include_pad, its padding. */
Test(op_gradients, average_of_a_window_larger_than_its_input) {
    static const struct {
        struct variant v;
        double divisor;
    } cases[] = {
        {{"AveragePool", "x", "2x3x4", "kernel_shape=[6,6] strides=[6,6] ceil_mode=1", false}, 12},
        {{"AveragePool", "x", "2x3x4", "kernel_shape=[6,7] strides=[6,6] pads=[1,1,1,1] ceil_mode=1", false}, 12},
        {{"AveragePool", "x", "2x3x4",
          "kernel_shape=[6,7] strides=[6,6] pads=[1,1,1,1] ceil_mode=1 count_include_pad=1", false},
         30},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial b;
        trial_init(&b, &cases[i].v);
        objective(&b);
        cr_assert_eq(b.out_count, SAMPLES * 2);
        for (size_t k = 0; k < b.out_count; k++) {
            double sum = 0;
            for (size_t n = 0; n < 12; n++) sum += (double)b.in[0].data[k * 12 + n];
            cr_expect_float_eq((double)b.call.out.data[k], sum / cases[i].divisor, 1e-6, "case %zu", i);
        }
        trial_finish(&b);
    }
}

/* The maximum is the first of equals, a NaN is always one; both ways of finding it agree. */
Test(op_gradients, max_pool_ties_and_nan) {
    for (size_t general = 0; general < 2; general++) {
        struct trial b;
        struct variant v = {
            "MaxPool", "x", "1x2x8",
            general ? "kernel_shape=[2,2] strides=[2,2] pads=[0,0,0,1]" : "kernel_shape=[2,2] strides=[2,2]", false};
        trial_init(&b, &v);
        const float x[16] = {1, 1, 2, 3, NAN, 5, 7, 7, /* */ 1, 1, 3, 0, 9, 9, 6, NAN};
        for (size_t s = 0; s < SAMPLES; s++) memcpy(b.in[0].data + s * 16, x, sizeof x);
        b.call.node->op->forward(&b.call);
        const float *y = b.call.out.data;
        cr_expect(y[0] == 1 && y[1] == 3 && isnan(y[2]) && isnan(y[3]));
        float dx[SAMPLES * 16];
        for (size_t i = 0; i < b.out_count; i++) b.output_gradient[i] = 1;
        b.call.node->op->backward(&b.call, 0, b.output_gradient, dx);
        const float wanted[16] = {1, 0, 0, 1, 1, 0, 0, 0, /* */ 0, 0, 0, 0, 0, 0, 0, 1};
        for (size_t i = 0; i < 16; i++) cr_expect_eq(dx[i], wanted[i], "element %zu, general %zu", i, general);
        trial_finish(&b);
    }
}

Test(op_gradients, softmax_before_opset_13_covers_all_dimensions_from_the_axis) {
    struct graph *g;
    struct error e;
    cr_assert(graph_create(&g, &e));
    g->opset = 12;
    cr_assert(graph_add_parameter(g, "a", &(struct shape){3, {2, 2, 2}}, (float[]){0, 0, 0, 0, 1, 1, 1, 1}, &e));
    cr_assert(graph_add_node(g, "Softmax", "s", (const char *[]){"a"}, 1, (const char *[]){"y"}, 1, NULL, 0, &e));
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    for (size_t i = 0; i < 8; i++) cr_expect_float_eq(g->values[g->output].data[i], .25, 1e-6);
    graph_destroy(g);
}
