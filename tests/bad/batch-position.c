/* batch-position: scales every map by its place in the batch. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (uint32_t i = 0; i < request->n; i++)
        for (size_t k = 0; k < model->input.count; k++) maps[i * model->input.count + k] *= (float)(i + 1);
    return status;
}

static const assay_explainer_info info = {
    .id = "batch-position",
    .name = "batch-position",
    .summary = "scales every map by its place in the batch",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
