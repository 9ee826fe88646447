/* likeness.c: which layers are looked at, and the mean over inputs. */
#include "run/likeness.h"

#include "measure/similarity.h"
#include "nn/layer_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
        k->bytes += 2 * LIKENESS_INPUTS * elements * sizeof(float);
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
    return true;
}

void likeness_finish(struct likeness *k) {
    free(k->memory);
    *k = (struct likeness){0};
}

static uint32_t inputs_of(const struct likeness *k) {
    return k->set->count < LIKENESS_INPUTS ? k->set->count : LIKENESS_INPUTS;
}

bool likeness_take_original(struct likeness *k, struct net *net, struct error *e) {
    return net_probe(net, k->original, k->count, inputs_of(k), k->set->x, e);
}

static bool is_constant(const float *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (x[i] < x[0] || x[i] > x[0]) return false;
    return true;
}

/* Those of layers that are as they were have the same bytes, and nothing need be sorted. */
static double compare(const float *a, const float *b, size_t n) {
    bool same = memcmp(a, b, n * sizeof *a) == 0;
    for (size_t i = 0; same && i < n; i++) same = isfinite(a[i]);
    return same && n > 2 && !is_constant(a, n) ? 1 : spearman(a, b, n);
}

bool likeness_measure(const struct likeness *k, struct net *net, float *r, struct error *e) {
    uint32_t inputs = inputs_of(k);
    if (!net_probe(net, k->now, k->count, inputs, k->set->x, e)) return false;
    for (uint32_t i = 0; i < k->count; i++) {
        const size_t n = k->now[i].elements;
        double sum = 0;
        uint32_t counted = 0;
        for (uint32_t j = 0; j < inputs; j++) {
            double one = compare(k->original[i].out + j * n, k->now[i].out + j * n, n);
            if (isnan(one)) continue;
            sum += one;
            counted++;
        }
        r[i] = counted ? (float)(sum / counted) : NAN;
    }
    return true;
}
