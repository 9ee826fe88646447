/* gradient: d logit / d x, as it is. Baehrens et al. 2010, arXiv:0912.1128. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "gradient",
    .name = "Gradient",
    .summary = "derivative of the target logit with respect to the input, signed",
    .source = "Baehrens et al. 2010, section 2, arXiv:0912.1128",
    .claims = ASSAY_LINEAR_EXACT,
};

static const assay_about about = {
    .id = "gradient",
    .family = "gradient",
    .formula = "df/dx",
    .cost = "1 gradient",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 Saliency(abs=False)",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
