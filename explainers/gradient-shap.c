/* gradient-shap: expected gradients of an input with noise on it, as the shap package and captum have it. Lundberg &
 * Lee 2017, arXiv:1705.07874, whose package names it; Erion et al. 2021, arXiv:1906.10670; noise as in Smilkov et al.
 * 2017, arXiv:1706.03825. */
#include "explainer.h"
#include "kit.h"
#include "kit_background.h"

enum { SAMPLES, NOISE, BACKGROUND, PARAMS };

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_lines_attribute(self, model, request, SAMPLES, BACKGROUND, (float)kit_number(self, NOISE), maps, why);
}

static const assay_param_info params[PARAMS] = {
    [SAMPLES] = KIT_LINES_SAMPLES_PARAM,
    [NOISE] = {.name = "noise",
               .summary = "sd of the noise on the input, as a share of its range (max - min)",
               .kind = ASSAY_NUMBER,
               .number = .10,
               .min = 0,
               .max = 10},
    [BACKGROUND] = KIT_BACKGROUND_PARAM,
};

static const assay_explainer_info info = {
    .id = "gradient-shap",
    .name = "GradientSHAP",
    .summary = "expected gradients of noisy copies of the input",
    .source = "Lundberg & Lee 2017, arXiv:1705.07874; Erion et al. 2021, arXiv:1906.10670",
    .claims = ASSAY_STOCHASTIC,
    .param_count = PARAMS,
    .params = params,
};

static const assay_about about = {
    .id = "gradient-shap",
    .family = "path",
    .formula = "mean of (z - x') df/dx at a random point between x' and z = x + noise, x' a random sample of the data",
    .cost = "samples gradients",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "its formula in torch on the same samples; captum 0.9.0 IntegratedGradients in the limit",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
