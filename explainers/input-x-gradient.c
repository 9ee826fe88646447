/* input-x-gradient: every input value times its derivative. Shrikumar et al. 2016, arXiv:1605.01713. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    if (status != ASSAY_OK) return status;
    size_t total = request->n * model->input.count;
    for (size_t k = 0; k < total; k++) maps[k] *= request->inputs[k];
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "input-x-gradient",
    .name = "Input x Gradient",
    .summary = "input times the gradient",
    .source = "Shrikumar et al. 2016, arXiv:1605.01713",
    .claims = ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT,
};

static const assay_about about = {
    .id = "input-x-gradient",
    .family = "gradient",
    .formula = "x df/dx",
    .cost = "1 gradient",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 InputXGradient",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
