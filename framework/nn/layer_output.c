/* layer_output.c: the end of a layer, by what reads its parameters. */
#include "nn/layer_output.h"

#include "nn/activations.h"

#include <stdlib.h>

/* The one node that reads the value, if it is an activation function. */
static uint32_t function_of(const struct graph *g, const bool *wanted, uint32_t value) {
    uint32_t readers = 0, reader = GRAPH_NONE;
    for (uint32_t i = 0; i < g->node_count; i++) {
        if (!wanted[g->nodes[i].outputs[0]] || !node_reads(&g->nodes[i], value)) continue;
        readers++;
        reader = i;
    }
    return readers == 1 && value != g->output && graph_is_activation(&g->nodes[reader]) ? reader : GRAPH_NONE;
}

bool layer_output(const struct graph *g, uint32_t layer, uint32_t *node, struct error *e) {
    bool *wanted = calloc((size_t)g->value_count + 1, sizeof *wanted);
    *node = GRAPH_NONE;
    if (!wanted) return error_memory(e);
    graph_mark_needed(g, wanted);
    for (uint32_t i = 0; i < g->node_count; i++) {
        uint32_t out = g->nodes[i].outputs[0];
        if (wanted[out] && g->values[out].batched && node_reads_layer(&g->nodes[i], &g->layers[layer])) *node = i;
    }
    uint32_t function = *node == GRAPH_NONE ? GRAPH_NONE : function_of(g, wanted, g->nodes[*node].outputs[0]);
    if (function != GRAPH_NONE) *node = function;
    free(wanted);
    return true;
}
