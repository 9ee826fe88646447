/* parameters.c: parameters by their index, in the order of the graph's values. */
#include "host/parameters.h"

#include "base/file.h"

#include <string.h>

static bool is_parameter(const struct graph *graph, uint32_t value) {
    return graph->values[value].kind == VALUE_PARAMETER;
}

uint32_t parameters_count(const struct weights *weights, const float *mask) {
    uint32_t count = (weights->raised ? 1u : 0u) + (mask ? 1u : 0u);
    for (uint32_t v = 0; v < weights->graph->value_count; v++) count += is_parameter(weights->graph, v);
    return count;
}

static void take_parameter(const struct weights *weights, uint32_t value, assay_parameter *out) {
    const struct value *v = &weights->graph->values[value];
    *out = (assay_parameter){.name = v->name, .rank = v->shape.rank, .count = 1, .data = weights->data[value]};
    for (uint32_t d = 0; d < v->shape.rank; d++) {
        out->dim[d] = (uint32_t)v->shape.dim[d];
        out->count *= v->shape.dim[d];
    }
}

bool parameters_get(const struct weights *weights, const assay_shape *input, const float *mask, uint32_t index,
                    assay_parameter *out) {
    const struct graph *graph = weights->graph;
    for (uint32_t v = 0; v < graph->value_count; v++) {
        if (!is_parameter(graph, v) || index-- > 0) continue;
        take_parameter(weights, v, out);
        return true;
    }
    if (weights->raised && index-- == 0) {
        *out = (assay_parameter){ASSAY_WEIGHTS_RAISED, 1, {graph->classes}, graph->classes, weights->raised};
        return true;
    }
    if (!mask || index != 0) return false;
    *out = (assay_parameter){ASSAY_WEIGHTS_MASK, input->rank, {0}, input->count, mask};
    memcpy(out->dim, input->dim, sizeof input->dim);
    return true;
}

/* What is in the file is digested once; a mask or what is raised, which are small, each time. */
void parameters_digest(const struct weights *weights, const assay_parameter *p, uint32_t index, char out[65]) {
    const struct graph *graph = weights->graph;
    for (uint32_t v = 0; v < graph->value_count; v++) {
        if (!is_parameter(graph, v) || index-- > 0) continue;
        memcpy(out, weights_known_digest(weights, v), FILE_DIGEST_SIZE);
        return;
    }
    data_digest(p->data, p->count * sizeof *p->data, out);
}
