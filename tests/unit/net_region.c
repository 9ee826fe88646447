/* Samples that differ from a base in a part of their planes: forward passes that compute only that part have the bits
 * of those that compute everything, for any graph, part, route, batch and cut. */
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/net_region.h"
#include "workers/helpers.h"

#include "base/cpu.h"

#include "golden_network.h"
#include "plane_graph.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

#define MOST 23u /* samples */

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
        struct graph *g = plane_graph(seed);
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

/* A process that was forked goes on with the base. */
Test(net_region, a_fork_has_the_base) {
    struct graph *g = picture_network(32);
    struct rng rng = rng_stream(5, "forks", 0);
    struct error e;
    struct weights *w;
    struct net *net;
    float *x = make_samples(g, MOST, &rng), got[MOST * 5], wanted[MOST * 5];
    cr_assert(weights_create(g, &w, &e), "%s", e.text);
    redraw(w, 4);
    cr_assert(net_create(w, &net, &e) && net_forward(net, MOST, x, wanted, &e), "%s", e.text);
    cr_assert(net_forward_begin(net, MOST, x, &e), "%s", e.text);
    pid_t child = fork();
    if (child == 0) {
        bool same = net_forward(net, MOST, x, got, &e) && memcmp(got, wanted, sizeof got) == 0 && parts_of(net);
        _exit(same ? 0 : 1);
    }
    int status = 1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
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
