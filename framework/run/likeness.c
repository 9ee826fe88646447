/* likeness.c: which layers are looked at, and the mean over inputs. */
#include "run/likeness.h"

#include "measure/ranks.h"
#include "measure/views.h"
#include "nn/layer_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scratch {
    uint64_t order[2 * LIKENESS_ELEMENTS];
    int32_t ranks[LIKENESS_ELEMENTS];
};

struct end {
    uint32_t layer, node;
};

static int by_node(const void *a, const void *b) {
    const struct end *x = a, *y = b;
    if (x->node != y->node) return x->node < y->node ? -1 : 1;
    return (x->layer > y->layer) - (x->layer < y->layer);
}

/* Every layer with an output of its own: two that end at one node are one here. */
static bool find_ends(const struct graph *g, struct end *ends, uint32_t *count, struct error *e) {
    uint32_t all = 0;
    *count = 0;
    for (uint32_t l = 0; l + 1 < g->layer_count; l++) {
        struct end end = {.layer = l};
        if (!layer_output(g, l, &end.node, e)) return false;
        if (end.node != GRAPH_NONE && g->nodes[end.node].outputs[0] != g->output) ends[all++] = end;
    }
    qsort(ends, all, sizeof *ends, by_node);
    for (uint32_t k = 0; k < all; k++)
        if (!*count || ends[k].node != ends[*count - 1].node) ends[(*count)++] = ends[k];
    return true;
}

bool likeness_plan(struct likeness *k, const struct run *run, struct error *e) {
    const struct graph *g = run->graph;
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    struct end *ends = calloc((size_t)g->layer_count + 1, sizeof *ends);
    uint32_t all = 0;
    *k = (struct likeness){.set = set};
    if (!ends) return error_memory(e);
    bool ok = find_ends(g, ends, &all, e);
    k->count = all < LIKENESS_LAYERS ? all : LIKENESS_LAYERS;
    for (uint32_t i = 0; ok && i < k->count; i++) {
        const struct end *end = &ends[all <= LIKENESS_LAYERS ? i : i * (all - 1) / (LIKENESS_LAYERS - 1)];
        size_t elements = net_probe_elements(g, end->node, LIKENESS_ELEMENTS);
        k->layers[i] = end->layer;
        k->original[i] = k->now[i] = (struct net_probe){.node = end->node, .elements = elements};
        k->bytes += LIKENESS_INPUTS * elements * (2 * sizeof(float) + sizeof *k->ranks);
    }
    free(ends);
    return ok;
}

bool likeness_init(struct likeness *k, const struct run *run, struct error *e) {
    if (!likeness_plan(k, run, e)) return false;
    float *at = k->memory = malloc(k->bytes + 1);
    if (!at) return error_memory(e);
    for (uint32_t i = 0; i < 2 * k->count; i++) {
        struct net_probe *p = i < k->count ? &k->original[i] : &k->now[i - k->count];
        p->out = at;
        at += LIKENESS_INPUTS * p->elements;
    }
    k->ranks = (int32_t *)(void *)at;
    return true;
}

void likeness_finish(struct likeness *k) {
    free(k->memory);
    *k = (struct likeness){0};
}

static uint32_t inputs_of(const struct likeness *k) {
    return k->set->count < LIKENESS_INPUTS ? k->set->count : LIKENESS_INPUTS;
}

static int32_t *ranks_at(const struct likeness *k, uint32_t layer, uint32_t input) {
    return k->ranks + (k->original[layer].out - k->memory) + input * k->original[layer].elements;
}

/* Ranks of x[n], and the sum of their squares: NaN where x is constant or not finite. */
static double take_ranks(const float *x, size_t n, uint64_t *scratch, int32_t *ranks) {
    if (n < VIEW_LEAST_PIXELS) return (double)NAN;
    const uint64_t *order = order_values(x, n, scratch);
    return order_informative(order, n) ? order_deviations(order, n, ranks) : (double)NAN;
}

bool likeness_take_original(struct likeness *k, struct net *net, struct error *e) {
    uint64_t *scratch = malloc(2 * LIKENESS_ELEMENTS * sizeof *scratch);
    bool ok = scratch ? net_probe(net, k->original, k->count, inputs_of(k), k->set->x, e) : error_memory(e);
    for (uint32_t i = 0; ok && i < k->count; i++)
        for (uint32_t j = 0; j < inputs_of(k); j++) {
            const struct net_probe *p = &k->original[i];
            k->norm[i][j] = take_ranks(p->out + j * p->elements, p->elements, scratch, ranks_at(k, i, j));
        }
    free(scratch);
    return ok;
}

/* The first node that reads a parameter of those layers. */
static uint32_t first_reader(const struct graph *g, const bool *layers) {
    for (uint32_t node = 0; layers && node < g->node_count; node++)
        for (uint32_t l = 0; l < g->layer_count; l++)
            if (layers[l] && node_reads_layer(&g->nodes[node], &g->layers[l])) return node;
    return 0;
}

/* One input of one layer; NaN: it does not count. */
static double compare(const struct likeness *k, uint32_t layer, uint32_t input, bool same, struct scratch *s) {
    const size_t n = k->now[layer].elements;
    const float *now = k->now[layer].out + input * n;
    const double norm = k->norm[layer][input];
    if (isnan(norm) || same) return isnan(norm) ? norm : 1;
    const double other = take_ranks(now, n, s->order, s->ranks);
    const double r = deviations_dot(ranks_at(k, layer, input), s->ranks, n) / sqrt(norm * other);
    return isnan(other) ? other : fmax(-1, fmin(1, r));
}

bool likeness_measure(const struct likeness *k, struct net *net, const bool *changed, float *r, struct error *e) {
    const uint32_t inputs = inputs_of(k), first = first_reader(net_graph(net), changed);
    uint32_t same = 0;
    while (same < k->count && k->now[same].node < first) same++;
    struct scratch *s = malloc(sizeof *s);
    bool ok =
        s ? same == k->count || net_probe(net, k->now + same, k->count - same, inputs, k->set->x, e) : error_memory(e);
    for (uint32_t i = 0; ok && i < k->count; i++) {
        double sum = 0;
        uint32_t counted = 0;
        for (uint32_t j = 0; j < inputs; j++) {
            double one = compare(k, i, j, i < same, s);
            if (isnan(one)) continue;
            sum += one;
            counted++;
        }
        r[i] = counted ? (float)(sum / counted) : NAN;
    }
    free(s);
    return ok;
}
