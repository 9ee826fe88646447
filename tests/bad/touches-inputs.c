/* touches-inputs: scales the inputs in place before it takes the gradient. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    float *inputs = (float *)request->inputs;
    for (size_t k = 0; k < request->n * model->input.count; k++) inputs[k] *= .5f;
    return model->gradient(model, request->n, inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "touches-inputs",
    .name = "touches-inputs",
    .summary = "scales the inputs in place before it takes the gradient",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
