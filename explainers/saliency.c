/* saliency: the absolute gradient. The maximum over channels of the paper is a channel reduction, which the battery
 * declares (`max-abs`), not the method. Simonyan et al. 2014, arXiv:1312.6034. */
#include "explainer.h"

#include <math.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    if (status != ASSAY_OK) return status;
    size_t total = request->n * model->input.count;
    for (size_t k = 0; k < total; k++) maps[k] = fabsf(maps[k]);
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "saliency",
    .name = "Saliency",
    .summary = "absolute value of the gradient",
    .source = "Simonyan et al. 2014, section 3.1, arXiv:1312.6034",
    .claims = ASSAY_NON_NEGATIVE | ASSAY_LINEAR_EXACT,
};

static const assay_about about = {
    .id = "saliency",
    .family = "gradient",
    .formula = "|df/dx|",
    .cost = "1 gradient",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 Saliency",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
