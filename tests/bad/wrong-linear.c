/* wrong-linear: mutant: half the gradient, claimed to be exact on linear models. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (size_t k = 0; k < request->n * model->input.count; k++) maps[k] *= .5f;
    return status;
}

static const assay_explainer_info info = {
    .id = "wrong-linear",
    .name = "wrong-linear",
    .summary = "mutant: half the gradient",
    .source = "tests/bad",
    .claims = ASSAY_LINEAR_EXACT,
};

ASSAY_PLUGIN(info, attribute);
