/* graph_sort.c: keeps the nodes the output needs, each behind those it reads. */
#include "nn/graph_build.h"

#include <stdlib.h>
#include <string.h>

enum colour { WHITE, GREY, BLACK };

struct step {
    uint32_t node, input; /* the next input of `node` to follow */
};

struct walk {
    struct graph *graph;
    unsigned char *colour;
    struct step *stack;
    uint32_t *order, count; /* nodes in the order they were left */
};

/* The node that computes input `i`, or GRAPH_NONE; false when nothing gives that input its value. */
static bool producer(const struct graph *g, const struct node *node, uint32_t i, uint32_t *out, struct error *e) {
    *out = GRAPH_NONE;
    if (node->inputs[i] == GRAPH_NONE) return true;
    const struct value *v = &g->values[node->inputs[i]];
    if (!value_is_defined(v))
        return error_set(e, "node '%s' (%s): its input '%s' is defined nowhere", node->name, node->op->name, v->name);
    if (v->node == GRAPH_NONE) return true;
    const struct node *from = &g->nodes[v->node];
    if (from->outputs[0] != node->inputs[i])
        return error_set(e,
                         "node '%s' (%s): its input '%s' is not the first output of node '%s' (%s): "
                         "only first outputs are computed",
                         node->name, node->op->name, v->name, from->name, from->op->name);
    *out = v->node;
    return true;
}

/* Depth first from `root`, without recursion: files decide how deep. */
static bool visit(struct walk *w, uint32_t root, struct error *e) {
    struct graph *g = w->graph;
    size_t depth = 0;
    if (w->colour[root] != WHITE) return true;
    w->colour[root] = GREY;
    w->stack[depth++] = (struct step){root, 0};
    while (depth) {
        struct step *top = &w->stack[depth - 1];
        const struct node *node = &g->nodes[top->node];
        if (top->input == node->input_count) {
            w->colour[top->node] = BLACK;
            w->order[w->count++] = top->node;
            depth--;
            continue;
        }
        uint32_t next;
        if (!producer(g, node, top->input++, &next, e)) return false;
        if (next == GRAPH_NONE || w->colour[next] == BLACK) continue;
        if (w->colour[next] == GREY)
            return error_set(e, "node '%s' (%s): reads its own output through a cycle: wanted a feed-forward network",
                             g->nodes[next].name, g->nodes[next].op->name);
        w->colour[next] = GREY;
        w->stack[depth++] = (struct step){next, 0};
    }
    return true;
}

/* The nodes of `order` become the nodes of the graph; the others go. */
static bool rearrange(struct graph *g, const uint32_t *order, uint32_t count, unsigned char *kept, struct error *e) {
    struct node *nodes = calloc((size_t)count + 1, sizeof *nodes);
    if (!nodes) return error_memory(e);
    memset(kept, 0, g->node_count);
    for (uint32_t i = 0; i < count; i++) {
        nodes[i] = g->nodes[order[i]];
        kept[order[i]] = 1;
    }
    for (uint32_t i = 0; i < g->node_count; i++)
        if (!kept[i]) node_finish(&g->nodes[i]);
    free(g->nodes);
    g->nodes = nodes;
    g->node_count = count;
    for (uint32_t i = 0; i < g->value_count; i++) g->values[i].node = GRAPH_NONE;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < nodes[i].output_count; k++)
            if (nodes[i].outputs[k] != GRAPH_NONE) g->values[nodes[i].outputs[k]].node = i;
    return true;
}

bool graph_sort(struct graph *g, uint32_t output, struct error *e) {
    size_t n = (size_t)g->node_count + 1;
    struct walk w = {
        .graph = g, .colour = calloc(n, 1), .stack = calloc(n, sizeof *w.stack), .order = calloc(n, sizeof *w.order)};
    unsigned char *needed = calloc(n, 1);
    bool ok = w.colour && w.stack && w.order && needed;
    if (!ok) error_memory(e);
    uint32_t last = g->values[output].node;
    if (ok && last != GRAPH_NONE && g->nodes[last].outputs[0] != output)
        ok = error_set(e, "output '%s' is not the first output of node '%s' (%s): only first outputs are computed",
                       g->values[output].name, g->nodes[last].name, g->nodes[last].op->name);
    if (ok && last != GRAPH_NONE) ok = visit(&w, last, e);
    if (ok) {
        memcpy(needed, w.colour, n);
        memset(w.colour, WHITE, n);
        w.count = 0;
    }
    /* Again from every needed node in the file's order, which it keeps where it was sorted already. */
    for (uint32_t i = 0; ok && i < g->node_count; i++) ok = !needed[i] || visit(&w, i, e);
    ok = ok && rearrange(g, w.order, w.count, needed, e);
    free(w.colour);
    free(w.stack);
    free(w.order);
    free(needed);
    return ok;
}
