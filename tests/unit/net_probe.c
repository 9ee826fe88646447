/* Several nodes in one pass, beside each node asked for by itself; and which node ends a layer. */
#include "base/rng.h"
#include "nn/arch.h"
#include "nn/layer_output.h"
#include "nn/net.h"
#include "nn/op.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 13u
#define MOST_NODES 16u

struct subject {
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    float *x;
};

static const struct shape image = {3, {2, 9, 9}}, flat = {1, {6}};

static struct subject subject_of(const char *layers, const struct shape *sample) {
    struct subject s;
    struct error e = {{0}};
    cr_assert(arch_build(layers, sample, &s.graph, &e) && weights_create(s.graph, &s.weights, &e), "%s", e.text);
    for (uint32_t l = 0; l < s.graph->layer_count; l++)
        cr_assert(weights_redraw(s.weights, l, &(struct init_options){.scheme = &init_normal, .sigma = .3}, &e));
    cr_assert(net_create(s.weights, &s.net, &e), "%s", e.text);
    size_t n = SAMPLES * shape_count(sample);
    s.x = malloc(n * sizeof *s.x);
    cr_assert_not_null(s.x);
    rng_fill_normal(3, 0, n, s.x);
    return s;
}

static void subject_finish(struct subject *s) {
    net_destroy(s->net);
    weights_destroy(s->weights);
    graph_destroy(s->graph);
    free(s->x);
}

static void expect_as_inspected(struct subject *s, const struct net_probe *p) {
    float *alone = malloc(SAMPLES * p->elements * sizeof *alone);
    struct error e = {{0}};
    cr_assert(alone && net_inspect(s->net, p->node, SAMPLES, s->x, NULL, alone, NULL, &e), "%s", e.text);
    cr_expect(memcmp(alone, p->out, SAMPLES * p->elements * sizeof *alone) == 0, "node %u, %s", p->node,
              s->graph->nodes[p->node].name);
    free(alone);
}

/* The nodes whose bit is set. */
static void probe(struct subject *s, unsigned choice) {
    struct net_probe probes[MOST_NODES];
    struct error e = {{0}};
    uint32_t count = 0;
    for (uint32_t k = 0; k < s->graph->node_count; k++) {
        if (!(choice >> k & 1)) continue;
        struct net_probe *p = &probes[count++];
        *p = (struct net_probe){.node = k, .elements = net_probe_elements(s->graph, k, SIZE_MAX)};
        cr_assert_not_null(p->out = malloc(SAMPLES * p->elements * sizeof *p->out));
    }
    cr_assert(net_probe(s->net, probes, count, SAMPLES, s->x, &e), "%s", e.text);
    for (uint32_t k = 0; k < count; k++) {
        expect_as_inspected(s, &probes[k]);
        free(probes[k].out);
    }
}

/* Also in the midst of what is fused, and behind passes of gradients, whose plan is another. */
Test(net_probe, gives_what_each_node_gives) {
    static const char *const layers[] = {"conv:8x3,batchnorm,relu,conv:7x1,relu,maxpool:2,flatten,fc:5,relu,fc:4",
                                         "conv:4x3,relu,batchnorm,relu,flatten,fc:4"};
    for (size_t k = 0; k < 2; k++) {
        struct subject s = subject_of(layers[k], &image);
        const uint32_t nodes = s.graph->node_count;
        cr_assert_leq(nodes, MOST_NODES);
        for (unsigned choice = 0; choice < 1u << nodes; choice += 1 + choice % 7) probe(&s, choice);
        probe(&s, (1u << nodes) - 1);
        float *map = malloc(SAMPLES * shape_count(&image) * sizeof *map);
        struct error e = {{0}};
        cr_assert(map && net_gradient(s.net, NET_GRADIENT, SAMPLES, s.x, (uint32_t[SAMPLES]){0}, map, &e));
        probe(&s, (1u << nodes) - 1);
        free(map);
        subject_finish(&s);
    }
}

/* Fewer elements are some of them, in order, each another one. */
Test(net_probe, takes_elements_that_are_spread) {
    struct subject s = subject_of("conv:8x3,relu,flatten,fc:4", &image);
    float all[SAMPLES * 8 * 81], few[SAMPLES * 50];
    struct error e = {{0}};
    size_t size = net_probe_elements(s.graph, 0, SIZE_MAX), at = 0, row = 0;
    cr_assert_leq(size, 8 * 81);
    cr_expect_eq(net_probe_elements(s.graph, 0, 50), 50);
    cr_assert(net_probe(s.net, &(struct net_probe){0, size, all}, 1, SAMPLES, s.x, &e) &&
                  net_probe(s.net, &(struct net_probe){0, 50, few}, 1, SAMPLES, s.x, &e),
              "%s", e.text);
    for (size_t k = 0; k < 50; k++, at++) {
        while (at < size && (all[at] < few[k] || all[at] > few[k])) at++;
        cr_assert_lt(at, size, "element %zu is none behind the one before", k);
        row = k == 49 ? at : row;
    }
    cr_expect_geq(row, size * 49 / 50, "they reach to the end");
    subject_finish(&s);
}

Test(net_probe, refuses_nodes_out_of_order) {
    struct subject s = subject_of("fc:3,relu,fc:4", &flat);
    float out[SAMPLES * 4];
    struct error e = {{0}};
    const struct net_probe twice[] = {{1, 3, out}, {1, 3, out}}, none = {99, 3, out};
    cr_expect_not(net_probe(s.net, twice, 2, SAMPLES, s.x, &e));
    cr_expect_not(net_probe(s.net, &none, 1, SAMPLES, s.x, &e));
    subject_finish(&s);
}

/* With its bias and normalisation, and the function behind; of the last one the logits. */
Test(layer_output, is_behind_the_activation_function) {
    struct subject s = subject_of("conv:8x3,batchnorm,relu,conv:7x1,flatten,fc:5,relu,fc:4", &image);
    static const char *const ends[] = {"Relu", "Conv", "Relu", NULL};
    struct error e = {{0}};
    uint32_t node;
    cr_assert_eq(s.graph->layer_count, 4);
    for (uint32_t l = 0; l < 4; l++) {
        cr_assert(layer_output(s.graph, l, &node, &e), "%s", e.text);
        if (ends[l]) cr_expect_str_eq(s.graph->nodes[node].op->name, ends[l], "layer %u", l);
        else cr_expect_eq(s.graph->nodes[node].outputs[0], s.graph->output);
    }
    subject_finish(&s);
}
