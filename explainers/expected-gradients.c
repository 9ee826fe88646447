/* expected-gradients: integrated gradients in expectation over baselines: samples of the data, and points on the lines
 * from them, are drawn together. Erion et al. 2021, doi:10.1038/s42256-021-00343-w, arXiv:1906.10670. */
#include "explainer.h"
#include "kit.h"
#include "kit_background.h"

enum { SAMPLES, BACKGROUND, PARAMS };

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_lines_attribute(self, model, request, SAMPLES, BACKGROUND, 0, maps, why);
}

static const assay_param_info params[PARAMS] = {
    [SAMPLES] = KIT_LINES_SAMPLES_PARAM,
    [BACKGROUND] = KIT_BACKGROUND_PARAM,
};

static const assay_explainer_info info = {
    .id = "expected-gradients",
    .name = "Expected Gradients",
    .summary = "gradients on lines from samples of the data to the input, times the way between them",
    .source = "Erion et al. 2021, section 2, arXiv:1906.10670",
    .claims = ASSAY_STOCHASTIC,
    .param_count = PARAMS,
    .params = params,
};

static const assay_about about = {
    .id = "expected-gradients",
    .family = "path",
    .formula = "mean of (x - x') df/dx at a random point between x' and x, x' a random sample of the data",
    .cost = "samples gradients",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "its formula in torch on the same samples; captum 0.9.0 IntegratedGradients in the limit",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
