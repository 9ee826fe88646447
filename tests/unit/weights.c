/* Weights drawn anew by every scheme: what they depend on, share and keep. */
#include "nn/weights.h"

#include "nn/arch.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct graph *graph;
static struct weights *weights;

static void setup(void) {
    struct error e = {""};
    struct shape sample = {3, {2, 8, 8}};
    cr_assert(arch_build("conv:64x3,batchnorm,relu,fc:32,relu,fc:4", &sample, &graph, &e), "%s", e.text);
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
}

static void cleanup(void) {
    weights_destroy(weights);
    graph_destroy(graph);
}

TestSuite(weights, .init = setup, .fini = cleanup);

static uint32_t find(const struct graph *g, const char *name) {
    for (uint32_t i = 0; i < g->value_count; i++)
        if (strcmp(g->values[i].name, name) == 0) return i;
    cr_assert_fail("no value %s", name);
    return GRAPH_NONE;
}

static const float *data_of(const struct weights *w, const char *name) {
    return w->data[find(w->graph, name)];
}

static void redraw_all(struct weights *w, const struct init_options *options) {
    struct error e = {""};
    for (uint32_t i = 0; i < w->graph->layer_count; i++) cr_assert(weights_redraw(w, i, options, &e), "%s", e.text);
}

static void moments(const float *x, size_t n, double *mean, double *sd) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *sd = sqrt(squares / (double)n);
}

Test(weights, a_variant_shares_until_it_is_written) {
    uint32_t index = find(graph, "fc1.weight"), other = find(graph, "fc2.weight");
    struct weights *copy;
    float *mine = weights_edit(weights, index);
    mine[0] = 42;
    cr_expect_eq(graph->values[index].data[0], 0, "the graph's own values changed");
    cr_expect_eq(weights_edit(weights, index), mine, "copied twice");
    cr_expect_eq(weights->data[other], graph->values[other].data, "copied without need");

    cr_assert(weights_copy(weights, &copy, NULL));
    cr_expect_eq(copy->data[index][0], 42);
    weights_edit(copy, index)[0] = 7;
    cr_expect_eq(mine[0], 42, "a copy writes into its original");
    weights_destroy(copy);
}

/* Whatever way it is written to. */
Test(weights, a_known_digest_is_that_of_what_is_there) {
    uint32_t index = find(graph, "fc1.weight"), layer = graph_layer(graph, "fc1");
    struct init_options options = {.scheme = &init_own, .seed = 3};
    struct weights *copy;
    char first[65], is[65];
    float *flat = malloc(weights_flat_count(graph) * sizeof *flat);
    cr_assert(weights_copy(weights, &copy, NULL) && flat);
    weights_to_flat(weights, flat);
    strcpy(first, weights_known_digest(copy, index));
    for (int way = 0; way < 5; way++) {
        if (way == 0) weights_edit(copy, index)[0] = 42;
        if (way == 1) cr_assert(weights_redraw(copy, layer, &options, NULL));
        if (way == 2) cr_assert(weights_restore(copy, weights, layer, NULL));
        if (way == 3) cr_assert(weights_redraw(copy, layer, &options, NULL));
        if (way == 4) cr_assert(weights_from_flat(copy, flat, NULL));
        weights_digest(copy, index, is);
        cr_expect_str_eq(weights_known_digest(copy, index), is, "way %d", way);
        cr_expect_eq(strcmp(is, first) == 0, way == 2 || way == 4, "way %d", way);
        cr_expect_eq(weights_known_digest(copy, index), weights_known_digest(copy, index), "computed again");
    }
    weights_destroy(copy);
    free(flat);
}

Test(weights, a_draw_depends_on_seed_name_and_draw_only) {
    struct weights *alone, *again;
    char a[65], b[65];
    struct init_options options = {.scheme = &init_own, .seed = 3};
    uint32_t index = find(graph, "fc1.weight"), layer = graph_layer(graph, "fc1");
    cr_assert_neq(layer, GRAPH_NONE);
    cr_assert(weights_create(graph, &alone, NULL));
    cr_assert(weights_create(graph, &again, NULL));
    redraw_all(weights, &options);
    cr_assert(weights_redraw(alone, layer, &options, NULL));
    weights_digest(weights, index, a);
    weights_digest(alone, index, b);
    cr_expect_str_eq(a, b, "other layers shift the draw");
    weights_digest(alone, find(graph, "conv1.weight"), b);
    weights_digest(weights, find(graph, "conv1.weight"), a);
    cr_expect_str_neq(a, b, "a layer that was not named changed");

    const struct init_options others[] = {{.scheme = &init_own, .seed = 4},
                                          {.scheme = &init_own, .seed = 3, .draw = 1}};
    for (int i = 0; i < 2; i++) {
        cr_assert(weights_redraw(again, layer, &others[i], NULL));
        weights_digest(alone, index, a);
        weights_digest(again, index, b);
        cr_expect_str_neq(a, b, "case %d", i);
    }
    weights_destroy(alone);
    weights_destroy(again);
}

Test(weights, own_initialisers) {
    double mean, sd;
    struct init_options options = {.scheme = &init_own, .seed = 1};
    redraw_all(weights, &options);
    /* 64 filters of 2 x 3 x 3: fan-in 18, 1152 elements */
    moments(data_of(weights, "conv1.weight"), 1152, &mean, &sd);
    cr_expect_float_eq(sd, sqrt(2. / 18), .02);
    cr_expect_float_eq(mean, 0, .03);
    /* 32 x 2304, transposed: fan-in 2304 */
    const float *fc = data_of(weights, "fc1.weight");
    double bound = 1 / sqrt(2304.), largest = 0;
    for (size_t i = 0; i < 32 * 2304; i++) largest = fmax(largest, fabs((double)fc[i]));
    moments(fc, 32 * 2304, &mean, &sd);
    cr_expect(largest <= bound && largest > .999 * bound, "%g of %g", largest, bound);
    cr_expect_float_eq(sd, bound / sqrt(3.), .01 * bound);
    for (int i = 0; i < 32; i++) cr_expect_eq(data_of(weights, "fc1.bias")[i], 0);
    for (int i = 0; i < 64; i++) {
        cr_expect_eq(data_of(weights, "batchnorm1.scale")[i], 1);
        cr_expect_eq(data_of(weights, "batchnorm1.shift")[i], 0);
    }
}

Test(weights, running_statistics_by_policy) {
    struct init_options options = {.scheme = &init_normal, .sigma = .1, .seed = 1, .keep_running_stats = true};
    weights_edit(weights, find(graph, "batchnorm1.mean"))[5] = 9;
    weights_edit(weights, find(graph, "batchnorm1.var"))[5] = 7;
    redraw_all(weights, &options);
    cr_expect_eq(data_of(weights, "batchnorm1.mean")[5], 9);
    cr_expect_eq(data_of(weights, "batchnorm1.var")[5], 7);
    cr_expect_neq(data_of(weights, "batchnorm1.scale")[5], 1);
    options.keep_running_stats = false;
    redraw_all(weights, &options);
    cr_expect_eq(data_of(weights, "batchnorm1.mean")[5], 0);
    cr_expect_eq(data_of(weights, "batchnorm1.var")[5], 1);
}

Test(weights, normal_reaches_biases) {
    double mean, sd;
    struct init_options options = {.scheme = &init_normal, .sigma = .1, .seed = 1};
    redraw_all(weights, &options);
    moments(data_of(weights, "fc1.weight"), 32 * 2304, &mean, &sd);
    cr_expect_float_eq(sd, .1, .002);
    moments(data_of(weights, "conv1.bias"), 64, &mean, &sd);
    cr_expect_float_eq(sd, .1, .03);
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

Test(weights, permute_keeps_the_values_of_each_tensor) {
    enum { N = 32 * 2304 };
    struct init_options options = {.scheme = &init_permute, .seed = 1};
    uint32_t index = find(graph, "fc1.weight");
    float *values = weights_edit(weights, index), *before = malloc(N * sizeof *before);
    cr_assert_not_null(before);
    size_t fixed = 0;
    for (int i = 0; i < N; i++) before[i] = values[i] = (float)i;
    cr_assert(weights_redraw(weights, graph_layer(graph, "fc1"), &options, NULL));
    for (int i = 0; i < N; i++) fixed += values[i] == before[i];
    cr_expect_lt(fixed, 10); /* one is expected */
    qsort(values, N, sizeof *values, ascending);
    cr_expect_arr_eq(values, before, N * sizeof *before);
    free(before);
}

Test(weights, matched_keeps_mean_and_deviation) {
    enum { N = 32 * 2304 };
    struct init_options options = {.scheme = &init_matched, .seed = 1};
    float *values = weights_edit(weights, find(graph, "fc1.weight"));
    double mean, sd;
    for (int i = 0; i < N; i++) values[i] = i % 2 ? 5.f : 1.f;
    cr_assert(weights_redraw(weights, graph_layer(graph, "fc1"), &options, NULL));
    moments(values, N, &mean, &sd);
    cr_expect_float_eq(mean, 3, .03);
    cr_expect_float_eq(sd, 2, .03);
    for (int i = 0; i < 32; i++) /* a constant tensor stays what it is */
        cr_expect_eq(data_of(weights, "fc1.bias")[i], 0);
}

Test(weights, antithetic_pairs) {
    struct weights *other;
    struct init_options options = {.scheme = &init_normal, .sigma = 1, .seed = 1};
    cr_assert(weights_create(graph, &other, NULL));
    redraw_all(weights, &options);
    options.negate = true;
    redraw_all(other, &options);
    const char *negated[] = {"conv1.weight", "conv1.bias", "fc2.weight", "batchnorm1.shift"};
    for (size_t i = 0; i < sizeof negated / sizeof *negated; i++)
        cr_expect_eq(data_of(weights, negated[i])[1], -data_of(other, negated[i])[1], "%s", negated[i]);
    cr_expect_eq(data_of(weights, "batchnorm1.scale")[1], data_of(other, "batchnorm1.scale")[1]);
    weights_destroy(other);
}

Test(weights, flat_and_back) {
    struct weights *other;
    struct init_options options = {.scheme = &init_normal, .sigma = 1, .seed = 1};
    size_t n = weights_flat_count(graph);
    cr_assert_eq(n, 64u * 18 + 64 + 4 * 64 + 32 * 2304 + 32 + 4 * 32 + 4);
    float *flat = malloc(n * sizeof *flat);
    cr_assert_not_null(flat);
    redraw_all(weights, &options);
    weights_to_flat(weights, flat);
    cr_assert(weights_create(graph, &other, NULL));
    cr_assert(weights_from_flat(other, flat, NULL));
    for (uint32_t i = 0; i < graph->value_count; i++)
        if (graph->values[i].kind == VALUE_PARAMETER)
            cr_expect_arr_eq(weights->data[i], other->data[i], shape_count(&graph->values[i].shape) * sizeof(float));
    weights_destroy(other);
    free(flat);
}

Test(weights, digest_is_sha256_of_the_bytes) {
    char out[65];
    weights_digest(weights, find(graph, "fc2.bias"), out); /* 16 zero bytes: printf of /dev/zero into sha256sum */
    cr_expect_str_eq(out, "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb");
}

Test(weights, schemes_are_a_table) {
    static const char *const names[] = {"own", "normal", "permute", "matched"};
    size_t n = 0;
    for (; init_schemes[n]; n++) {
        cr_assert_lt(n, sizeof names / sizeof *names);
        cr_expect_str_eq(init_schemes[n]->name, names[n]);
        cr_expect(init_schemes[n]->summary && init_schemes[n]->summary[0] && init_schemes[n]->draw);
    }
    cr_expect_eq(n, sizeof names / sizeof *names);
    cr_expect_eq(init_schemes[0], &init_own, "the default of batteries");
}

Test(weights, no_such_layer) {
    struct error e = {""};
    struct init_options options = {.scheme = &init_own};
    cr_expect_not(weights_redraw(weights, 3, &options, &e));
    cr_expect_str_eq(e.text, "layer 3: the network has 3 layers");
}

/* Fan-in by operator and attribute, read off the deviation of many draws. */
static const struct fan_case {
    const char *op;
    struct shape input, weight;
    struct attribute attribute;
    double fan_in;
} fan_cases[] = {
    {"MatMul", {2, {0, 10}}, {2, {10, 900}}, {.name = NULL}, 10},
    {"Gemm", {2, {0, 10}}, {2, {10, 900}}, {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 0}, 10},
    {"Gemm", {2, {0, 10}}, {2, {900, 10}}, {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1}, 10},
    {"Conv", {4, {0, 8, 3, 3}}, {4, {4000, 2, 3, 3}}, {.name = "group", .kind = ATTRIBUTE_INT, .integer = 4}, 18},
    {"ConvTranspose",
     {4, {0, 8, 3, 3}},
     {4, {8, 500, 3, 3}},
     {.name = "group", .kind = ATTRIBUTE_INT, .integer = 4},
     18},
    {"ConvTranspose",
     {4, {0, 8, 3, 3}},
     {4, {8, 500, 4, 4}},
     {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = (const int64_t[]){2, 2}, .count = 2},
     32},
    {"Einsum",
     {3, {0, 6, 5}},
     {3, {5, 1000, 6}},
     {.name = "equation", .kind = ATTRIBUTE_TEXT, .text = "bhi,ioh->bo"},
     30},
};

Test(weights, fan_in) {
    for (size_t i = 0; i < sizeof fan_cases / sizeof *fan_cases; i++) {
        const struct fan_case *c = &fan_cases[i];
        struct error e = {""};
        struct graph *g;
        struct weights *w;
        size_t n = shape_count(&c->weight);
        float *zeros = calloc(n, sizeof *zeros);
        const char *inputs[] = {"x", "w"}, *outputs[] = {"y"};
        cr_assert(
            zeros && graph_create(&g, &e) && graph_add_input(g, "x", &c->input, &e) &&
                graph_add_parameter(g, "w", &c->weight, zeros, &e) &&
                graph_add_node(g, c->op, "n", inputs, 2, outputs, 1, &c->attribute, c->attribute.name != NULL, &e) &&
                graph_finish(g, "y", &e) && weights_create(g, &w, &e),
            "case %zu: %s", i, e.text);
        struct init_options options = {.scheme = &init_own, .seed = 1};
        cr_assert(weights_redraw(w, 0, &options, &e), "case %zu: %s", i, e.text);
        double mean, sd, wanted = strncmp(c->op, "Conv", 4) == 0 ? sqrt(2 / c->fan_in) : 1 / sqrt(3 * c->fan_in);
        moments(data_of(w, "w"), n, &mean, &sd);
        cr_expect_float_eq(sd, wanted, .02 * wanted, "case %zu: sd %g, wanted %g", i, sd, wanted);
        weights_destroy(w);
        graph_destroy(g);
        free(zeros);
    }
}
