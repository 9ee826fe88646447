/* edge-x-sign-gradient: mutant: edges of the input with the signs of the gradient. */
#include "edges.h"

#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    float *edges = malloc(count * sizeof *edges);
    assay_status status = edges ? model->gradient(model, request->n, request->inputs, request->targets, maps, why)
                                : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        edges_of(&model->input, request->inputs + i * count, edges);
        for (size_t k = 0; k < count; k++) maps[i * count + k] = copysignf(edges[k], maps[i * count + k]);
    }
    free(edges);
    return status;
}

static const assay_explainer_info info = {
    .id = "edge-x-sign-gradient",
    .name = "edge-x-sign-gradient",
    .summary = "mutant: edges with the signs of the gradient",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
