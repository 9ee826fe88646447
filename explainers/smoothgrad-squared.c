/* smoothgrad-squared: the mean of the squared gradient over noisy copies of the input (noise.h). Hooker et al. 2019,
 * arXiv:1806.10758. */
#include "noise.h"

static double moment(double mean, double variance) {
    return mean * mean + variance;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return noise_moments(self, model, request, moment, maps, why);
}

static const assay_param_info params[NOISE_PARAMS] = NOISE_PARAM_LIST;

static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    return noise_claims(given, ASSAY_NON_NEGATIVE);
}

static const assay_explainer_info info = {
    .id = "smoothgrad-squared",
    .name = "SmoothGrad-Squared",
    .summary = "mean squared gradient over noisy copies of the input",
    .source = "Hooker et al. 2019, section 4.2, arXiv:1806.10758",
    .claims = ASSAY_NON_NEGATIVE | ASSAY_STOCHASTIC,
    .param_count = NOISE_PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "smoothgrad-squared",
    .family = "gradient",
    .formula = "mean of (df/dx)^2 at x + noise, sd = noise (max x - min x)",
    .cost = "samples gradients",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "its definition, gradient by gradient",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
