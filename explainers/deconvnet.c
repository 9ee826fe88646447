/* deconvnet: the backward pass that rectifies the signal at every ReLU, whatever the forward pass let through. Pooling
 * is undone by the places of the maxima. Zeiler & Fergus 2014, section 2.1, arXiv:1311.2901. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    if (!backward)
        return assay_say(why, ASSAY_UNSUPPORTED, "the model offers no %s, which deconvnet needs", ASSAY_BACKWARD);
    return backward->gradient(model, ASSAY_RULE_DECONVNET, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "deconvnet",
    .name = "Deconvnet",
    .summary = "gradient rectified at every ReLU, whatever was on; the gradient itself where there is none",
    .source = "Zeiler & Fergus 2014, section 2.1, arXiv:1311.2901",
    .claims = ASSAY_LINEAR_EXACT,
};

static const assay_about about = {
    .id = "deconvnet",
    .family = "backward rule",
    .formula = "df/dx, where a ReLU passes back what is positive, whatever it let through",
    .cost = "1 backward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 Deconvolution",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
