/* hidden-seed: depends on the seed and does not say so. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (uint32_t i = 0; i < request->n; i++) maps[i * model->input.count] += (float)(request->seeds[i] % 1000u) + 1;
    return status;
}

static const assay_explainer_info info = {
    .id = "hidden-seed",
    .name = "hidden-seed",
    .summary = "depends on the seed and does not say so",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
