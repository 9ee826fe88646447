/* What forward passes have before a layer is kept while later layers change: the same bits as without, for any graph,
 * any order of changes and any room. */
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/net_size.h"

#include "golden_network.h"
#include "random_graph.h"

#include <stdlib.h>

#define MOST_SAMPLES 13u
#define KIB ((size_t)1 << 10)

/* A network that is changed, by a net that keeps and, each time, a new one. */
struct subject {
    struct graph *graph;
    struct weights *weights, *made;
    struct net *net;
    struct rng rng;
    size_t sample, classes;
    float *x, *cotangent, *wanted, *got;
    uint32_t targets[MOST_SAMPLES];
};

static void subject_init(struct subject *s, struct graph *g, size_t bytes, uint64_t seed) {
    struct error e;
    *s = (struct subject){.graph = g, .sample = shape_count(&g->sample), .classes = g->classes};
    s->rng = rng_stream(seed, "stems", 0);
    cr_assert(weights_create(g, &s->made, &e) && weights_copy(s->made, &s->weights, &e) &&
                  net_create(s->weights, &s->net, &e),
              "%s", e.text);
    bool *layers = calloc(g->layer_count, sizeof *layers);
    s->x = malloc(2 * MOST_SAMPLES * (s->sample + s->classes) * sizeof *s->x);
    cr_assert(layers && s->x);
    s->cotangent = s->x + 2 * MOST_SAMPLES * s->sample;
    rng_fill_normal(seed, 1, 2 * MOST_SAMPLES * (s->sample + s->classes), s->x);
    for (uint32_t l = 0; l < g->layer_count; l++) layers[l] = true;
    cr_assert(net_keep(s->net, layers, bytes, &e), "%s", e.text);
    free(layers);
}

static void subject_finish(struct subject *s) {
    net_destroy(s->net);
    weights_destroy(s->weights);
    weights_destroy(s->made);
    graph_destroy(s->graph);
    free(s->x);
}

static void redraw(struct subject *s, uint32_t layer) {
    struct error e;
    const struct init_options init = {.scheme = &init_normal, .sigma = .3, .seed = rng_below(&s->rng, 1000)};
    cr_assert(weights_redraw(s->weights, layer, &init, &e), "%s", e.text);
    net_changed(s->net, layer);
}

static void restore(struct subject *s, uint32_t layer) {
    struct error e;
    cr_assert(weights_restore(s->weights, s->made, layer, &e), "%s", e.text);
    net_restored(s->net, layer);
}

enum { GRADIENT, VJP, INSPECT, QUESTIONS };

/* out: [n][sample] and more. */
static bool ask(const struct subject *s, struct net *net, uint32_t question, uint32_t choice, uint32_t n, uint32_t from,
                float *out) {
    struct error e;
    const float *x = s->x + from * s->sample;
    if (question == GRADIENT)
        return net_gradient_logits(net, choice % 3, n, x, s->targets, out + n * s->sample, out, &e);
    if (question == VJP) return net_vjp(net, n, x, s->cotangent + from * s->classes, out, &e);
    uint32_t node = choice % s->graph->node_count;
    size_t size = n * shape_count(&s->graph->values[s->graph->nodes[node].outputs[0]].shape);
    return net_inspect(net, node, n, x, s->targets, choice & 64 ? NULL : out, choice & 128 ? NULL : out + size, &e);
}

static void compare(struct subject *s, const char *what) {
    struct net *fresh;
    struct error e;
    uint32_t n = 1 + (uint32_t)rng_below(&s->rng, MOST_SAMPLES), from = n % 3 ? 0 : MOST_SAMPLES;
    uint32_t question = (uint32_t)rng_below(&s->rng, QUESTIONS), choice = (uint32_t)rng_below(&s->rng, 1000);
    size_t most = s->sample + s->classes;
    for (uint32_t v = 0; v < s->graph->value_count; v++) most += shape_count(&s->graph->values[v].shape);
    float *wanted = calloc(4 * n * most, sizeof *wanted), *got = wanted + 2 * n * most;
    cr_assert_not_null(wanted);
    for (uint32_t i = 0; i < n; i++) s->targets[i] = (uint32_t)rng_below(&s->rng, (uint32_t)s->classes);
    cr_assert(net_create(s->weights, &fresh, &e), "%s", e.text);
    bool can = ask(s, fresh, question, choice, n, from, wanted); /* nodes of other outputs are not looked at */
    cr_expect_eq(ask(s, s->net, question, choice, n, from, got), can);
    cr_expect_arr_eq(got, wanted, 2 * n * most * sizeof *wanted, "%s: question %u of %u samples, choice %u", what,
                     question, n, choice);
    net_destroy(fresh);
    free(wanted);
}

/* From the top down, each layer alone, then any that come. */
static void check(struct subject *s, const char *what, uint32_t rounds) {
    uint32_t layers = s->graph->layer_count;
    for (uint32_t l = layers + 1; l-- > 0;) {
        if (l < layers) redraw(s, l);
        for (int i = 0; i < 3; i++) compare(s, what);
    }
    for (uint32_t l = 0; l < layers; l++) {
        restore(s, l);
        compare(s, what);
    }
    for (uint32_t l = layers; l-- > 0; restore(s, l)) {
        redraw(s, l);
        compare(s, what);
    }
    for (uint32_t i = 0; i < rounds; i++) {
        for (uint32_t k = (uint32_t)rng_below(&s->rng, 3); k-- > 0;)
            (rng_below(&s->rng, 2) ? redraw : restore)(s, (uint32_t)rng_below(&s->rng, layers));
        compare(s, what);
    }
}

Test(net_stem, any_graph_answers_the_same) {
    static const size_t room[] = {0, 20 * KIB, 100 * KIB, 10000 * KIB};
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct subject s;
        char what[32];
        subject_init(&s, random_graph(seed), room[seed % 4], seed);
        snprintf(what, sizeof what, "graph %u", (unsigned)seed);
        check(&s, what, 20);
        cr_expect_leq(net_kept(s.net), room[seed % 4], "%s", what);
        cr_expect(seed % 4 == 0 || net_kept(s.net) > 0, "%s", what);
        subject_finish(&s);
    }
}

/* What a sample comes to in the end, where there is room for all. */
Test(net_stem, what_is_kept_is_known_before) {
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct subject s;
        struct error e;
        size_t one, outputs;
        subject_init(&s, random_graph(seed), (size_t)1 << 30, seed);
        bool *all = calloc(s.graph->layer_count + 1u, sizeof *all);
        float *out = calloc(MOST_SAMPLES * (s.sample + s.classes), sizeof *out);
        cr_assert(all && out);
        outputs = MOST_SAMPLES * s.sample;
        for (uint32_t l = 0; l < s.graph->layer_count; l++) all[l] = true;
        cr_assert(net_keep_size(s.net, all, &one, &e), "%s", e.text);
        cr_assert(net_gradient_logits(s.net, NET_GRADIENT, MOST_SAMPLES, s.x, s.targets, out + outputs, out, &e));
        cr_expect_leq(net_kept(s.net), MOST_SAMPLES * one, "graph %u: %zu of %zu", (unsigned)seed, net_kept(s.net),
                      one);
        cr_expect_geq(net_kept(s.net), MOST_SAMPLES * one * 3 / 4, "graph %u: %zu of %zu", (unsigned)seed,
                      net_kept(s.net), one);
        free(all);
        free(out);
        subject_finish(&s);
    }
}

static void draw_all(struct subject *s) {
    struct error e;
    for (uint32_t l = 0; l < s->graph->layer_count; l++) {
        redraw(s, l);
        cr_assert(weights_restore(s->made, s->weights, l, &e), "%s", e.text);
        net_restored(s->net, l);
    }
}

/* Fused, by Winograd's method, with parts that branch. */
Test(net_stem, networks_answer_the_same, .timeout = 120) {
    static const char *const names[] = {"resnet18_18", "densenet_17", "mobilenet_v3_16", "vit_torchvision_17"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct subject s;
        subject_init(&s, golden_network(names[i]), 4000 * KIB, i);
        draw_all(&s);
        check(&s, names[i], 10);
        cr_expect_gt(net_kept(s.net), 0, "%s", names[i]);
        subject_finish(&s);
    }
}

#define LAYERS "conv:8x3+1,batchnorm,relu,conv:8x3+1,relu,maxpool:2,fc:20,relu,fc:10"

static void small_init(struct subject *s, size_t bytes) {
    struct graph *g;
    struct error e;
    cr_assert(arch_build(LAYERS, &(struct shape){3, {3, 8, 8}}, &g, &e), "%s", e.text);
    subject_init(s, g, bytes, 7);
    draw_all(s);
}

static void logits_of(const struct subject *s, uint32_t from, float *logits) {
    struct error e;
    float *map = malloc(2 * s->sample * sizeof *map);
    cr_assert(map &&
              net_gradient_logits(s->net, NET_GRADIENT, 2, s->x + from * s->sample, s->targets, logits, map, &e));
    free(map);
}

/* Passes do begin behind what is kept: a first layer that nobody told about is not seen. */
Test(net_stem, what_is_kept_is_not_computed_again) {
    struct subject s;
    struct error e;
    float before[20], top[20], after[20];
    const struct init_options init = {.scheme = &init_normal, .sigma = .3, .seed = 5};
    small_init(&s, 1000 * KIB);
    logits_of(&s, 0, before);
    redraw(&s, s.graph->layer_count - 1);
    logits_of(&s, 0, top);
    cr_expect_arr_neq(top, before, sizeof top);
    cr_assert(weights_redraw(s.weights, 0, &init, &e), "%s", e.text);
    logits_of(&s, 0, after);
    cr_expect_arr_eq(after, top, sizeof top);
    net_changed(s.net, 0);
    logits_of(&s, 0, after);
    cr_expect_arr_neq(after, top, sizeof top, "now it was told");
    subject_finish(&s);
}

/* Whether the samples from there on are kept: a silent change does not show. */
static bool is_kept(struct subject *s, uint32_t from) {
    float before[20], after[20];
    struct error e;
    const struct init_options init = {.scheme = &init_normal, .sigma = .3, .seed = 5};
    cr_assert(weights_redraw(s->weights, 0, &init, &e), "%s", e.text);
    logits_of(s, from, after);
    cr_assert(weights_restore(s->weights, s->made, 0, &e), "%s", e.text);
    net_changed(s->net, 0); /* forgets what was folded */
    net_restored(s->net, 0);
    struct net *fresh;
    float *map = malloc(2 * s->sample * sizeof *map);
    cr_assert(map && net_create(s->weights, &fresh, &e) &&
              net_gradient_logits(fresh, NET_GRADIENT, 2, s->x + from * s->sample, s->targets, before, map, &e));
    net_destroy(fresh);
    free(map);
    return memcmp(before, after, sizeof before) == 0;
}

/* Samples that nobody asks for any more make room; those that are asked for stay. */
Test(net_stem, room_is_made_for_other_samples) {
    struct subject s;
    float logits[20];
    small_init(&s, 1000 * KIB);
    logits_of(&s, 0, logits);
    size_t one = net_kept(s.net);
    subject_finish(&s);
    small_init(&s, one + one / 2);
    uint32_t top = s.graph->layer_count - 1;
    logits_of(&s, 0, logits);
    logits_of(&s, 2, logits);
    cr_expect(is_kept(&s, 0));
    for (int i = 0; i < 4; i++) {
        redraw(&s, top);
        logits_of(&s, 0, logits);
        logits_of(&s, 2, logits);
    }
    cr_expect(is_kept(&s, 0), "the first stays");
    for (int i = 0; i < 3; i++) {
        redraw(&s, top);
        logits_of(&s, 2, logits);
    }
    cr_expect_leq(net_kept(s.net), one + one / 2);
    cr_expect(is_kept(&s, 2), "now it has the room");
    subject_finish(&s);
}
