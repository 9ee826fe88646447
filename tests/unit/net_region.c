/* Samples that differ from a base in a part of their planes: forward passes that compute only that part have the bits
 * of those that compute everything, for any graph, part, route, batch and cut. */
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/net_region.h"
#include "workers/helpers.h"

#include "base/cpu.h"

#include "golden_network.h"

#include <math.h>
#include <string.h>

#define MOST 23u /* samples */
#define NAME 16
#define NODES 9u

/* ---- Random graphs of operators on planes ---- */

struct maker {
    struct graph *g;
    struct rng rng;
    size_t channels, height[NODES + 1], width[NODES + 1], depth[NODES + 1]; /* of each value */
    char names[NODES + 1][NAME];
};

static uint32_t below(struct maker *m, uint32_t n) {
    return (uint32_t)rng_below(&m->rng, n);
}

static void add(struct maker *m, const char *op, const char *out, const char *const *in, size_t count,
                const struct attribute *a, size_t attributes) {
    struct error e;
    cr_assert(graph_add_node(m->g, op, out, in, count, &out, 1, a, attributes, &e), "%s: %s", op, e.text);
}

static void parameter(struct maker *m, const char *name, struct shape s, double sd, float base) {
    struct error e;
    float data[4096];
    size_t n = shape_count(&s);
    cr_assert_leq(n, sizeof data / sizeof *data);
    for (size_t i = 0; i < n; i++) data[i] = base + (float)(sd * rng_normal(&m->rng));
    cr_assert(graph_add_parameter(m->g, name, &s, data, &e), "%s", e.text);
}

static void add_conv(struct maker *m, uint32_t i, uint32_t from) {
    static const struct {
        int64_t kernel, stride, dilation, pad[4];
    } kinds[] = {{3, 1, 1, {1, 1, 1, 1}}, {3, 1, 1, {0, 2, 1, 0}}, {3, 2, 1, {1, 1, 1, 1}},
                 {5, 1, 1, {2, 2, 2, 2}}, {1, 1, 1, {0, 0, 0, 0}}, {3, 1, 2, {2, 2, 2, 2}},
                 {7, 2, 1, {3, 3, 3, 3}}, {1, 2, 1, {0, 0, 0, 0}}, {3, 3, 1, {0, 1, 0, 2}}};
    uint32_t kind = below(m, sizeof kinds / sizeof *kinds), type = below(m, 4);
    int64_t k = kinds[kind].kernel, s = kinds[kind].stride, d = kinds[kind].dilation;
    const int64_t *pad = kinds[kind].pad;
    size_t in = m->depth[from], out = type == 0 ? in : 1 + below(m, 20), groups = type == 0 ? in : 1;
    char weight[2 * NAME], bias[2 * NAME], conv[2 * NAME];
    int64_t kernel[2] = {k, k}, stride[2] = {s, s}, dilation[2] = {d, d};
    const struct attribute a[] = {
        {.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = kernel, .count = 2},
        {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = stride, .count = 2},
        {.name = "dilations", .kind = ATTRIBUTE_INTS, .ints = dilation, .count = 2},
        {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pad, .count = 4},
        {.name = "group", .kind = ATTRIBUTE_INT, .integer = (int64_t)groups},
    };
    if (k * k * (int64_t)(in / groups * out) > 4000) k = kernel[0] = kernel[1] = 1, pad = kinds[4].pad;
    size_t reach = (size_t)((k - 1) * d + 1);
    size_t high = m->height[from] + (size_t)(pad[0] + pad[2]), wide = m->width[from] + (size_t)(pad[1] + pad[3]);
    struct attribute all[5];
    memcpy(all, a, sizeof a);
    all[3].ints = pad;
    if (high < reach || wide < reach) {
        add_conv(m, i, from);
        return;
    }
    snprintf(weight, sizeof weight, "%s.weight", m->names[i]);
    snprintf(bias, sizeof bias, "%s.bias", m->names[i]);
    snprintf(conv, sizeof conv, "%s.conv", m->names[i]);
    parameter(m, weight, (struct shape){4, {out, in / groups, (size_t)k, (size_t)k}}, .3, 0);
    parameter(m, bias, (struct shape){1, {out}}, .1, 0);
    bool norm = below(m, 2);
    add(m, "Conv", norm ? conv : m->names[i], (const char *[]){m->names[from], weight, bias}, 3, all, 5);
    if (norm) {
        char p[4][2 * NAME];
        static const float base[] = {.7f, 0, 0, 3};
        for (int q = 0; q < 4; q++) {
            snprintf(p[q], sizeof p[q], "%s.n%d", m->names[i], q);
            parameter(m, p[q], (struct shape){1, {out}}, .1, base[q]);
        }
        add(m, "BatchNormalization", m->names[i], (const char *[]){conv, p[0], p[1], p[2], p[3]}, 5, NULL, 0);
    }
    m->depth[i] = out;
    m->height[i] = (high - reach) / (size_t)s + 1;
    m->width[i] = (wide - reach) / (size_t)s + 1;
}

static void add_pool(struct maker *m, uint32_t i, uint32_t from) {
    bool average = below(m, 2), padded = !average && below(m, 2), two = below(m, 2);
    int64_t kernel[2] = {two ? 2 : 3, two ? 2 : 3}, stride[2] = {2, 2}, pads[4] = {padded, padded, padded, padded};
    const struct attribute a[] = {{.name = "kernel_shape", .kind = ATTRIBUTE_INTS, .ints = kernel, .count = 2},
                                  {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = stride, .count = 2},
                                  {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = pads, .count = 4}};
    if (below(m, 3) == 0) stride[0] = stride[1] = 1;
    size_t high = m->height[from] + 2 * padded, wide = m->width[from] + 2 * padded;
    if (high < 3 || wide < 3) {
        add_conv(m, i, from);
        return;
    }
    add(m, average ? "AveragePool" : "MaxPool", m->names[i], (const char *[]){m->names[from]}, 1, a, 3);
    m->depth[i] = m->depth[from];
    m->height[i] = (high - (size_t)kernel[0]) / (size_t)stride[0] + 1;
    m->width[i] = (wide - (size_t)kernel[1]) / (size_t)stride[1] + 1;
}

/* Of one value, or of two of the same shape. */
static void add_local(struct maker *m, uint32_t i, uint32_t from) {
    static const char *const ones[] = {"Relu", "Sigmoid", "LeakyRelu", "Tanh"}, *const twos[] = {"Add", "Mul", "Max"};
    const struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1};
    uint32_t other = below(m, i);
    bool same = m->height[other] == m->height[from] && m->width[other] == m->width[from];
    char scale[2 * NAME];
    const char *both[] = {m->names[from], m->names[other]};
    m->depth[i] = m->depth[from];
    m->height[i] = m->height[from];
    m->width[i] = m->width[from];
    if (same && m->depth[other] == m->depth[from] && below(m, 3)) {
        add(m, twos[below(m, 3)], m->names[i], both, 2, NULL, 0);
    } else if (same && below(m, 2)) {
        add(m, "Concat", m->names[i], both, 2, &axis, 1);
        m->depth[i] += m->depth[other];
    } else if (below(m, 4) == 0) {
        snprintf(scale, sizeof scale, "%s.scale", m->names[i]);
        parameter(m, scale, (struct shape){3, {m->depth[from], 1, 1}}, .3, 1);
        add(m, below(m, 2) ? "Mul" : "PRelu", m->names[i], (const char *[]){m->names[from], scale}, 2, NULL, 0);
    } else {
        add(m, ones[below(m, 4)], m->names[i], both, 1, NULL, 0);
    }
}

static struct graph *make_graph(uint64_t seed) {
    struct maker m = {.rng = rng_stream(seed, "regions", 0)};
    const struct attribute turned = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1};
    struct error e;
    m.depth[0] = 1 + below(&m, 3);
    m.height[0] = 12 + below(&m, 30);
    m.width[0] = 12 + below(&m, 30);
    for (uint32_t i = 0; i <= NODES; i++) snprintf(m.names[i], NAME, "v%u", i);
    const struct shape sample = {4, {1, m.depth[0], m.height[0], m.width[0]}};
    cr_assert(graph_create(&m.g, &e) && graph_add_input(m.g, m.names[0], &sample, &e), "%s", e.text);
    for (uint32_t i = 1; i <= NODES; i++) {
        uint32_t from = below(&m, 4) ? i - 1 : below(&m, i), what = below(&m, 8);
        if (what < 3 || i == 1) add_conv(&m, i, from);
        else if (what == 3) add_pool(&m, i, from);
        else add_local(&m, i, from);
    }
    add(&m, "GlobalAveragePool", "mean", (const char *[]){m.names[NODES]}, 1, NULL, 0);
    add(&m, "Flatten", "flat", (const char *[]){"mean"}, 1, NULL, 0);
    parameter(&m, "fc.weight", (struct shape){2, {5, m.depth[NODES]}}, 1, 0);
    add(&m, "Gemm", "y", (const char *[]){"flat", "fc.weight"}, 2, &turned, 1);
    cr_assert(graph_finish(m.g, "y", &e), "graph %u: %s", (unsigned)seed, e.text);
    return m.g;
}

/* ---- Samples ---- */

/* x[n][sample]: number 0, and others that differ in a window, which may be empty; of more than one channel or of one.
 */
static float *make_samples(const struct graph *g, uint32_t n, struct rng *rng) {
    const struct shape *s = &g->sample;
    const size_t count = shape_count(s), height = s->rank == 3 ? s->dim[1] : 1, width = s->dim[s->rank - 1];
    float *x = malloc(n * count * sizeof *x);
    cr_assert_not_null(x);
    rng_fill_normal(rng_below(rng, 1000), 0, count, x);
    for (uint32_t i = 1; i < n; i++) {
        float *to = x + i * count;
        size_t high = height > 4 ? 1 + rng_below(rng, (uint32_t)height / 3) : 1,
               wide = rng_below(rng, (uint32_t)width / 3);
        size_t top = rng_below(rng, (uint32_t)(height - high + 1)), left = rng_below(rng, (uint32_t)(width - wide + 1));
        size_t first = rng_below(rng, 2) ? rng_below(rng, (uint32_t)s->dim[0]) : 0;
        memcpy(to, x, count * sizeof *x);
        for (size_t c = first; c < s->dim[0]; c++)
            for (size_t k = 0; k < high; k++)
                for (size_t q = 0; q < wide; q++) to[(c * height + top + k) * width + left + q] = 0;
    }
    return x;
}

/* ---- Comparing ---- */

static uint64_t parts_of(const struct net *net) {
    return net->patches ? net->patches->runs : 0;
}

/* Whole passes beside those in parts, of all samples and, with the base of before, of some. How many nodes were
 * computed in parts, where answers are numbers that differ. */
static uint64_t check(const struct graph *g, const struct net_options *how, uint64_t seed, const char *what) {
    struct weights *w;
    struct net *whole, *net, *mate;
    struct error e;
    struct rng rng = rng_stream(seed, "samples", 1);
    const size_t count = shape_count(&g->sample), classes = g->classes;
    cr_assert(weights_create(g, &w, &e) && net_create_with(w, how, &whole, &e) && net_create_with(w, how, &net, &e),
              "%s: %s", what, e.text);
    float *x = make_samples(g, MOST, &rng), *wanted = calloc(2 * MOST * classes, sizeof *wanted);
    float *got = wanted + MOST * classes;
    cr_assert_not_null(wanted);
    cr_assert(net_forward(whole, MOST, x, wanted, &e), "%s: %s", what, e.text);
    cr_assert(net_forward_begin(net, MOST, x, &e) && net_forward(net, MOST, x, got, &e), "%s: %s", what, e.text);
    cr_expect_arr_eq(got, wanted, MOST * classes * sizeof *got, "%s", what);
    for (uint32_t turn = 0; turn < 4; turn++) {
        uint32_t first = (uint32_t)rng_below(&rng, MOST), n = 1 + (uint32_t)rng_below(&rng, MOST - first);
        memset(got, 0, MOST * classes * sizeof *got);
        cr_assert(net_forward_begin(net, n, x + first * count, &e));
        cr_assert(turn % 2 ? net_mate(net, 0, n, false, &mate, &e) : (mate = net) != NULL);
        cr_assert(net_forward(mate, n, x + first * count, got, &e));
        cr_expect_arr_eq(got, wanted + first * classes, n * classes * sizeof *got, "%s: %u from %u", what, n, first);
    }
    bool differ = false, finite = isfinite(*wanted);
    for (uint32_t i = 1; i < MOST; i++) differ |= memcmp(wanted, wanted + i * classes, classes * sizeof *got) != 0;
    uint64_t parts = parts_of(net) + (net->mate_count ? parts_of(net->mates[0]) : 0);
    cr_expect_eq(parts_of(whole), 0);
    net_destroy(net);
    net_destroy(whole);
    weights_destroy(w);
    free(wanted);
    free(x);
    return differ && finite ? parts : 0;
}

static void check_graphs(uint64_t first, uint64_t end) {
    static const enum conv_route routes[] = {CONV_AUTO, CONV_DIRECT, CONV_WINOGRAD};
    uint32_t used = 0;
    for (uint64_t seed = first; seed < end; seed++) {
        struct graph *g = make_graph(seed);
        char what[64];
        snprintf(what, sizeof what, "graph %u, %s", (unsigned)seed, cpu_route_name());
        const struct net_options how = {.conv = routes[seed % 3], .memory = seed % 5 ? 0 : 60000};
        used += check(g, &how, seed, what) > 0;
        graph_destroy(g);
    }
    cr_expect_gt(used, (end - first) / 4, "%u graphs were computed in parts", used);
}

Test(net_region, any_graph_answers_the_same, .timeout = 120) {
    check_graphs(0, 200);
}

/* Every test is a process of its own, whose route is not settled yet. */
static void check_on(const char *route, enum cpu_route number) {
    if (!cpu_has(number)) cr_skip_test("this processor has no such route");
    cr_assert_eq(setenv("ASSAY_ISA", route, 1), 0);
    cr_assert_str_eq(cpu_route_name(), route);
    check_graphs(200, 320);
}

Test(net_region, any_graph_answers_the_same_with_avx2, .timeout = 120) {
    check_on("avx2", CPU_AVX2);
}

Test(net_region, any_graph_answers_the_same_on_any_processor, .timeout = 120) {
    check_on("portable", CPU_PORTABLE);
}

/* Pictures and sequences, by Winograd's method, with depthwise convolutions, branches, concatenations, and without
 * planes. `parts`: what is sure to be computed in them. */
static const struct network {
    const char *name;
    bool fixture, parts;
} networks[] = {
    {"fashion-cnn", true, true},       {"genome-cnn", true, true},           {"promoters-cnn", true, true},
    {"reviews-cnn", true, false},      {"fashion-mlp", true, false},         {"resnet18_18", false, true},
    {"resnet50_20", false, true},      {"densenet_17", false, true},         {"mobilenet_v2_15", false, true},
    {"inception_v3_18", false, false}, {"squeezenet1_1_14", false, true},    {"vgg11_13", false, true},
    {"mobilenet_v3_16", false, false}, {"vit_torchvision_17", false, false},
};

Test(net_region, networks_answer_the_same, .timeout = 240) {
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct graph *g;
        struct error e;
        char path[200];
        snprintf(path, sizeof path, "fixtures/models/%s.onnx", networks[i].name);
        if (!networks[i].fixture) g = golden_network(networks[i].name);
        else cr_assert(onnx_load(path, &g, &e), "%s", e.text);
        uint64_t parts = check(g, &(struct net_options){.conv = CONV_AUTO}, i, networks[i].name) +
                         check(g, &(struct net_options){.conv = CONV_WINOGRAD}, i, networks[i].name);
        cr_expect(parts > 0 || !networks[i].parts, "%s is computed in parts", networks[i].name);
        graph_destroy(g);
    }
}

/* ---- Changes, and company ---- */

#define LAYERS "conv:16x3+1,batchnorm,relu,conv:16x3+1,relu,maxpool:2,conv:24x3+1,relu,fc:5"

static struct graph *picture_network(size_t side) {
    struct graph *g;
    struct error e;
    cr_assert(arch_build(LAYERS, &(struct shape){3, {3, side, side}}, &g, &e), "%s", e.text);
    return g;
}

static void redraw(struct weights *w, uint64_t seed) {
    struct error e;
    const struct init_options how = {.scheme = &init_normal, .sigma = .1, .seed = seed};
    for (uint32_t l = 0; l < w->graph->layer_count; l++) cr_assert(weights_redraw(w, l, &how, &e), "%s", e.text);
}

/* The base is of weights that are no more: nobody may begin with it. */
Test(net_region, a_changed_layer_is_heeded) {
    struct graph *g = picture_network(32);
    struct rng rng = rng_stream(1, "changes", 0);
    struct error e;
    struct weights *w;
    struct net *net, *fresh;
    float *x = make_samples(g, MOST, &rng), got[MOST * 5], wanted[MOST * 5];
    cr_assert(weights_create(g, &w, &e) && net_create(w, &net, &e), "%s", e.text);
    for (uint32_t l = 0; l < g->layer_count; l++) {
        cr_assert(net_forward_begin(net, MOST, x, &e) && net_forward(net, MOST, x, got, &e));
        const struct init_options how = {.scheme = &init_normal, .sigma = .1, .seed = l};
        cr_assert(weights_redraw(w, l, &how, &e), "%s", e.text);
        net_changed(net, l);
        cr_assert(net_create(w, &fresh, &e) && net_forward(fresh, MOST, x, wanted, &e), "%s", e.text);
        for (int begun = 0; begun < 2; begun++) {
            cr_assert((!begun || net_forward_begin(net, MOST, x, &e)) && net_forward(net, MOST, x, got, &e));
            cr_expect_arr_eq(got, wanted, sizeof got, "layer %u, begun: %d", l, begun);
        }
        net_destroy(fresh);
    }
    cr_expect_gt(parts_of(net), 0);
    net_destroy(net);
    weights_destroy(w);
    graph_destroy(g);
    free(x);
}

/* Helpers with blocks of samples, and a team within each. */
Test(net_region, who_helps_makes_no_difference) {
    enum { SAMPLES = 160 };
    struct graph *g = picture_network(64);
    struct rng rng = rng_stream(2, "company", 0);
    struct helpers helpers = {0};
    struct error e;
    struct weights *w;
    struct net *whole, *net;
    float *x = make_samples(g, SAMPLES, &rng), got[SAMPLES * 5], wanted[SAMPLES * 5];
    cr_assert(weights_create(g, &w, &e), "%s", e.text);
    redraw(w, 3);
    cr_assert(net_create(w, &whole, &e) && net_create(w, &net, &e) && cores_create(3, 1, &helpers.cores, &e), "%s",
              e.text);
    cr_assert(net_forward(whole, SAMPLES, x, wanted, &e), "%s", e.text);
    cores_enter(helpers.cores, 0);
    for (uint32_t n = SAMPLES, first = 0; n >= 8; first += n, n = n == 9 ? 0 : 9) {
        const struct net_request ask = {.question = ASK_FORWARD, .n = n, .x = x + first % SAMPLES * (3 * 64 * 64)};
        cr_assert(helpers_ask(&helpers, net, &ask, got, &e), "%s", e.text);
        cr_expect_arr_eq(got, wanted + first % SAMPLES * 5, n * 5 * sizeof *got, "%u samples", n);
    }
    cr_expect_gt(parts_of(net), 0);
    cr_expect_gt(net->mate_count, 0);
    net_destroy(net);
    net_destroy(whole);
    cores_destroy(helpers.cores);
    weights_destroy(w);
    graph_destroy(g);
    free(x);
}

/* Samples that differ everywhere, or in places far apart, are computed whole. */
Test(net_region, other_samples_are_computed_whole) {
    struct graph *g = picture_network(32);
    struct error e;
    struct weights *w;
    struct net *net;
    const size_t count = MOST * shape_count(&g->sample);
    float *x = malloc(count * sizeof *x), logits[MOST * 5];
    cr_assert(x && weights_create(g, &w, &e) && net_create(w, &net, &e), "%s", e.text);
    rng_fill_normal(4, 0, count, x);
    cr_assert(net_forward_begin(net, MOST, x, &e) && net_forward(net, MOST, x, logits, &e));
    cr_expect_eq(parts_of(net), 0);
    cr_expect_null(net->regions);
    net_destroy(net);
    weights_destroy(w);
    graph_destroy(g);
    free(x);
}
