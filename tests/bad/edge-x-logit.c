/* edge-x-logit: mutant: edges of the input times the target logit. Every re-drawn model only rescales it. */
#include "edges.h"

#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    float *logits = malloc((size_t)request->n * model->outputs * sizeof *logits);
    assay_status status = logits ? model->forward(model, request->n, request->inputs, logits, why)
                                 : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        edges_of(&model->input, request->inputs + i * count, maps + i * count);
        for (size_t k = 0; k < count; k++)
            maps[i * count + k] *= logits[(size_t)i * model->outputs + request->targets[i]];
    }
    free(logits);
    return status;
}

static const assay_explainer_info info = {
    .id = "edge-x-logit",
    .name = "edge-x-logit",
    .summary = "mutant: edges times the target logit",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
