/* graph.c: asking a finished graph. */
#include "nn/graph.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct value *graph_value(const struct graph *g, uint32_t index) {
    return index < g->value_count ? &g->values[index] : NULL;
}

uint32_t graph_layer(const struct graph *g, const char *name) {
    for (uint32_t i = 0; i < g->layer_count; i++)
        if (strcmp(g->layers[i].name, name) == 0) return i;
    return GRAPH_NONE;
}

bool node_reads(const struct node *node, uint32_t value) {
    for (uint32_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] == value) return true;
    return false;
}

bool node_reads_layer(const struct node *node, const struct layer *layer) {
    for (uint32_t p = 0; p < layer->parameter_count; p++)
        if (node_reads(node, layer->parameters[p])) return true;
    return false;
}

const struct attribute *node_attribute(const struct node *node, const char *name) {
    for (size_t i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0) return &node->attributes[i];
    return NULL;
}

uint32_t graph_batched_inputs(const struct graph *g, const struct node *node) {
    uint32_t count = 0;
    for (uint32_t k = 0; k < node->input_count; k++)
        count += node->inputs[k] != GRAPH_NONE && g->values[node->inputs[k]].batched;
    return count;
}

bool graph_warn(struct graph *g, struct error *e, const char *format, ...) {
    char more[800];
    va_list list;
    va_start(list, format);
    vsnprintf(more, sizeof more, format, list);
    va_end(list);
    char *all = g->warning ? text_format("%s; %s", g->warning, more) : text_copy(more);
    if (!all) return error_memory(e);
    free(g->warning);
    g->warning = all;
    return true;
}
