/* sign-flipped: mutant: the gradient with the wrong sign. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (size_t k = 0; k < request->n * model->input.count; k++) maps[k] = -maps[k];
    return status;
}

static const assay_explainer_info info = {
    .id = "sign-flipped",
    .name = "sign-flipped",
    .summary = "mutant: gradient with the wrong sign",
    .source = "tests/bad",
    .claims = ASSAY_LINEAR_EXACT,
};

ASSAY_PLUGIN(info, attribute);
