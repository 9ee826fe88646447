/* input-x-gradient-leak: mutant: input x gradient plus a little of the gradient, not zero where the input is. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (size_t k = 0; k < request->n * model->input.count; k++) maps[k] *= request->inputs[k] + .05f;
    return status;
}

static const assay_explainer_info info = {
    .id = "input-x-gradient-leak",
    .name = "input-x-gradient-leak",
    .summary = "mutant: input x gradient with a leak at zero pixels",
    .source = "tests/bad",
    .claims = ASSAY_INPUT_MULTIPLIER,
};

ASSAY_PLUGIN(info, attribute);
