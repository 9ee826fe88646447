/* layer_blocks.c: sets of layers as bits, passed along the graph. */
#include "nn/layer_blocks.h"

#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

#define MOST_OF 2u     /* a block has at most one layer of so many */
#define MOST_BITS 512u /* layers; of more none are looked at: the sets would take too much */

struct blocks {
    const struct graph *graph;
    uint32_t *first;
    size_t words;            /* of a set */
    uint64_t *above, *near;  /* [node][words] layers that it depends on, itself among them; the last of these */
    uint64_t *before, *kept; /* [words] */
};

static bool has(const uint64_t *set, uint32_t layer) {
    return set[layer / 64] >> layer % 64 & 1;
}

static void add(uint64_t *set, uint32_t layer) {
    set[layer / 64] |= (uint64_t)1 << layer % 64;
}

/* The node that makes input k of a node, or GRAPH_NONE. */
static uint32_t maker(const struct graph *g, const struct node *node, uint32_t k) {
    uint32_t v = node->inputs[k];
    return v == GRAPH_NONE ? GRAPH_NONE : g->values[v].node;
}

/* Into `out` the union of a node's inputs' sets. */
static void join_inputs(const struct blocks *b, const struct node *node, const uint64_t *sets, uint64_t *out) {
    memset(out, 0, b->words * sizeof *out);
    for (uint32_t k = 0; k < node->input_count; k++) {
        uint32_t from = maker(b->graph, node, k);
        for (size_t w = 0; from != GRAPH_NONE && w < b->words; w++) out[w] |= sets[from * b->words + w];
    }
}

/* Nodes are in topological order. */
static void find_sets(struct blocks *b, const uint32_t *layer_of) {
    for (uint32_t i = 0; i < b->graph->node_count; i++) {
        const struct node *node = &b->graph->nodes[i];
        join_inputs(b, node, b->above, b->above + i * b->words);
        join_inputs(b, node, b->near, b->near + i * b->words);
        if (layer_of[i] == GRAPH_NONE) continue;
        memset(b->near + i * b->words, 0, b->words * sizeof *b->near);
        add(b->near + i * b->words, layer_of[i]);
        add(b->above + i * b->words, layer_of[i]);
    }
}

static uint32_t first_of(const struct blocks *b, uint32_t layer) {
    while (b->first[layer] != layer) layer = b->first[layer];
    return layer;
}

static void unite(struct blocks *b, uint32_t one, uint32_t other) {
    uint32_t i = first_of(b, one), k = first_of(b, other);
    b->first[i > k ? i : k] = i > k ? k : i;
}

/* Layers are counted from the input, so that only the later can depend on the earlier. */
static void unite_neighbours(struct blocks *b) {
    const struct graph *g = b->graph;
    for (uint32_t late = 1; late < g->layer_count; late++)
        for (uint32_t early = 0; early < late; early++)
            if (!has(b->above + g->layers[late].node * b->words, early)) unite(b, early, late);
}

/* The only one in the set, or GRAPH_NONE. */
static uint32_t only(const struct blocks *b, const uint64_t *set) {
    uint32_t found = GRAPH_NONE;
    for (uint32_t l = 0; l < b->graph->layer_count; l++) {
        if (!has(set, l)) continue;
        if (found != GRAPH_NONE) return GRAPH_NONE;
        found = l;
    }
    return found;
}

/* The layer that alone feeds the block, and feeds nothing else. */
static uint32_t find_feeder(struct blocks *b, uint32_t block) {
    const struct graph *g = b->graph;
    memset(b->before, 0, b->words * sizeof *b->before);
    for (uint32_t l = 0; l < g->layer_count; l++) {
        if (first_of(b, l) != block) continue;
        join_inputs(b, &g->nodes[g->layers[l].node], b->near, b->kept);
        for (uint32_t k = 0; k < g->layer_count; k++)
            if (has(b->kept, k) && first_of(b, k) != block) add(b->before, k);
    }
    uint32_t feeder = only(b, b->before);
    for (uint32_t l = 0; feeder != GRAPH_NONE && l < g->layer_count; l++) {
        join_inputs(b, &g->nodes[g->layers[l].node], b->near, b->kept);
        if (has(b->kept, feeder) && first_of(b, l) != block) feeder = GRAPH_NONE;
    }
    return feeder;
}

/* Whether the node joins layers of one block, of which *block is the first, and of that block alone. */
static bool joins(struct blocks *b, uint32_t node, uint32_t *block) {
    const struct graph *g = b->graph;
    uint32_t count = 0;
    *block = GRAPH_NONE;
    if (strcmp(g->nodes[node].op->name, "Concat") != 0) return false;
    for (uint32_t l = 0; l < g->layer_count; l++) {
        if (!has(b->near + node * b->words, l)) continue;
        uint32_t own = first_of(b, l);
        if (*block != GRAPH_NONE && own != *block) return false;
        *block = own;
        count++;
    }
    return count > 1;
}

/* Feeders are united behind all else: one with a block of its own is none. */
static void unite_feeders(struct blocks *b) {
    const struct graph *g = b->graph;
    for (uint32_t i = 0, block; i < g->node_count; i++) {
        if (!joins(b, i, &block)) continue;
        uint32_t feeder = find_feeder(b, block);
        bool alone = feeder != GRAPH_NONE;
        for (uint32_t l = 0; alone && l < g->layer_count; l++)
            alone = l == feeder || (first_of(b, l) != feeder && first_of(b, feeder) != l);
        if (alone) unite(b, feeder, block);
    }
}

/* A block of more than its share falls apart. */
static void drop_large(struct blocks *b) {
    const uint32_t layers = b->graph->layer_count;
    for (uint32_t l = 0; l < layers; l++) b->first[l] = first_of(b, l);
    for (uint32_t l = 0; l < layers; l++) {
        uint32_t count = 0;
        for (uint32_t k = l; k < layers; k++) count += b->first[k] == l;
        if (count < 2 || count * MOST_OF <= layers) continue;
        for (uint32_t k = l; k < layers; k++)
            if (b->first[k] == l) b->first[k] = k;
    }
}

bool layers_find_blocks(const struct graph *g, uint32_t *first, struct error *e) {
    struct blocks b = {.graph = g, .first = first, .words = (g->layer_count + 63u) / 64u};
    for (uint32_t l = 0; l < g->layer_count; l++) first[l] = l;
    if (g->layer_count > MOST_BITS || g->layer_count < 2) return true;
    const size_t sets = g->node_count * b.words;
    uint32_t *layer_of = malloc((g->node_count + 1u) * sizeof *layer_of);
    b.above = calloc(2 * (sets + b.words), sizeof *b.above);
    bool ok = (layer_of && b.above) || error_memory(e);
    if (ok) {
        b.near = b.above + sets;
        b.before = b.near + sets;
        b.kept = b.before + b.words;
        for (uint32_t i = 0; i < g->node_count; i++) layer_of[i] = GRAPH_NONE;
        for (uint32_t l = 0; l < g->layer_count; l++) layer_of[g->layers[l].node] = l;
        find_sets(&b, layer_of);
        unite_neighbours(&b);
        unite_feeders(&b);
        drop_large(&b);
    }
    free(layer_of);
    free(b.above);
    return ok;
}
