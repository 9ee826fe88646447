/* guided-backprop: the backward pass that lets only positive signals through every ReLU. Springenberg et al. 2015,
 * arXiv:1412.6806. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    if (!backward) {
        return assay_say(why, ASSAY_UNSUPPORTED, "the model offers no %s, which guided backpropagation needs",
                         ASSAY_BACKWARD);
    }
    return backward->gradient(model, ASSAY_RULE_GUIDED, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "guided-backprop",
    .name = "Guided Backpropagation",
    .summary = "gradient that drops negative signals at every ReLU; the gradient itself where there is none",
    .source = "Springenberg et al. 2015, section 3.4, arXiv:1412.6806",
    .claims = ASSAY_LINEAR_EXACT,
};

static const assay_about about = {
    .id = "guided-backprop",
    .family = "backward rule",
    .formula = "df/dx, where a ReLU passes back what is positive only",
    .cost = "1 backward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 GuidedBackprop",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
