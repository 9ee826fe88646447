/* weights.c: the parameters of a model variant: shared with the graph until edited, as one flat array, as digests. */
#include "nn/weights.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static bool is_parameter(const struct graph *graph, uint32_t value) {
    return graph->values[value].kind == VALUE_PARAMETER;
}

static size_t parameter_bytes(const struct graph *graph, uint32_t value) {
    return shape_count(&graph->values[value].shape) * sizeof(float);
}

bool weights_create(const struct graph *graph, struct weights **out, struct error *e) {
    struct weights *weights = calloc(1, sizeof *weights);
    if (!weights) return error_memory(e);
    weights->graph = graph;
    weights->data = calloc(graph->value_count, sizeof *weights->data);
    weights->owned = calloc(graph->value_count, sizeof *weights->owned);
    weights->digests = calloc(graph->value_count, sizeof *weights->digests);
    if (!weights->data || !weights->owned || !weights->digests) {
        weights_destroy(weights);
        return error_memory(e);
    }
    for (uint32_t i = 0; i < graph->value_count; i++)
        if (is_parameter(graph, i)) weights->data[i] = graph->values[i].data;
    *out = weights;
    return true;
}

/* Shared where it is the graph's own, else copied. */
static bool take_value(struct weights *weights, const struct weights *from, uint32_t value, struct error *e) {
    if (from->owned[value]) {
        float *data = weights_edit(weights, value);
        if (!data) return error_memory(e);
        memcpy(data, from->data[value], parameter_bytes(from->graph, value));
    } else {
        if (weights->owned[value]) free(weights->data[value]);
        weights->owned[value] = false;
        weights->data[value] = from->data[value];
    }
    memcpy(weights->digests[value], from->digests[value], sizeof weights->digests[value]);
    return true;
}

static bool copy_raised(struct weights *weights, const struct weights *from) {
    size_t bytes = from->graph->classes * sizeof *from->raised;
    weights->raised = malloc(bytes);
    if (weights->raised) memcpy(weights->raised, from->raised, bytes);
    return weights->raised != NULL;
}

bool weights_copy(const struct weights *from, struct weights **out, struct error *e) {
    struct weights *weights;
    if (!weights_create(from->graph, &weights, e)) return false;
    for (uint32_t i = 0; i < from->graph->value_count; i++) {
        if (take_value(weights, from, i, e)) continue;
        weights_destroy(weights);
        return false;
    }
    if (from->raised && !copy_raised(weights, from)) {
        weights_destroy(weights);
        return error_memory(e);
    }
    *out = weights;
    return true;
}

void weights_destroy(struct weights *weights) {
    if (!weights) return;
    if (weights->data && weights->owned)
        for (uint32_t i = 0; i < weights->graph->value_count; i++)
            if (weights->owned[i]) free(weights->data[i]);
    free(weights->data);
    free(weights->owned);
    free(weights->digests);
    free(weights->raised);
    free(weights);
}

float *weights_edit(struct weights *weights, uint32_t value) {
    weights->digests[value][0] = '\0';
    if (weights->owned[value]) return weights->data[value];
    size_t bytes = parameter_bytes(weights->graph, value);
    float *copy = malloc(bytes ? bytes : 1);
    if (!copy) return NULL;
    memcpy(copy, weights->data[value], bytes);
    weights->data[value] = copy;
    weights->owned[value] = true;
    return copy;
}

bool weights_restore(struct weights *weights, const struct weights *from, uint32_t layer, struct error *e) {
    const struct layer *l = &weights->graph->layers[layer];
    for (uint32_t i = 0; i < l->parameter_count; i++)
        if (!take_value(weights, from, l->parameters[i], e)) return false;
    return true;
}

size_t weights_flat_count(const struct graph *graph) {
    size_t count = 0;
    for (uint32_t i = 0; i < graph->value_count; i++)
        if (is_parameter(graph, i)) count += shape_count(&graph->values[i].shape);
    return count;
}

void weights_to_flat(const struct weights *weights, float *out) {
    for (uint32_t i = 0; i < weights->graph->value_count; i++) {
        if (!is_parameter(weights->graph, i)) continue;
        memcpy(out, weights->data[i], parameter_bytes(weights->graph, i));
        out += shape_count(&weights->graph->values[i].shape);
    }
}

bool weights_from_flat(struct weights *weights, const float *flat, struct error *e) {
    for (uint32_t i = 0; i < weights->graph->value_count; i++) {
        if (!is_parameter(weights->graph, i)) continue;
        float *data = weights_edit(weights, i);
        if (!data) return error_memory(e);
        memcpy(data, flat, parameter_bytes(weights->graph, i));
        flat += shape_count(&weights->graph->values[i].shape);
    }
    return true;
}

void weights_digest(const struct weights *weights, uint32_t value, char out[65]) {
    data_digest(weights->data[value], parameter_bytes(weights->graph, value), out);
}

const char *weights_known_digest(const struct weights *weights, uint32_t value) {
    char *known = weights->digests[value];
    if (!known[0]) weights_digest(weights, value, known);
    return known;
}
