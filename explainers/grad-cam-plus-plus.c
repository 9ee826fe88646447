/* grad-cam-plus-plus: as Grad-CAM, but a channel weighs the sum over places of alpha * max(gradient, 0). With the score
 * exp(logit) the higher derivatives are powers of the gradient g, so that alpha = g^2 / (2 g^2 + S g^3) =
 * 1 / (2 + S g) where g is not zero, with S the sum of the channel's activations. The paper's maps are rectified: an S
 * below zero, which a layer of another kind may have, counts as 0, or alpha would have a pole.
 * Chattopadhay et al. 2018, section 3, arXiv:1710.11063. */
#include "cam.h"

static void weigh(const kit_maps *maps, const float *activation, const float *gradient, float *cam) {
    size_t plane = (size_t)maps->height * maps->width;
    memset(cam, 0, plane * sizeof *cam);
    for (uint32_t c = 0; c < maps->channels; c++) {
        const float *a = activation + maps->first + c * maps->across, *g = gradient + maps->first + c * maps->across;
        double total = 0, weight = 0;
        for (size_t k = 0; k < plane; k++) total += (double)a[k * maps->along];
        total = fmax(total, 0);
        for (size_t k = 0; k < plane; k++) {
            double slope = (double)g[k * maps->along];
            if (slope > 0) weight += slope / (2 + total * slope);
        }
        for (size_t k = 0; k < plane; k++) cam[k] += (float)weight * a[k * maps->along];
    }
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    return cam_attribute(self, model, request, true, weigh, true, out, why);
}

static const assay_param_info params[] = {[CAM_LAYER] = CAM_LAYER_PARAM(CAM_LAST_RECTIFIED)};

static const assay_explainer_info info = {
    .id = "grad-cam-plus-plus",
    .name = "Grad-CAM++",
    .summary = "feature maps weighted by their positive gradients, each by its share, enlarged bilinearly",
    .source = "Chattopadhay et al. 2018, section 3, arXiv:1710.11063",
    .claims = ASSAY_NON_NEGATIVE,
    .param_count = 1,
    .params = params,
};

static const assay_about about = {
    .id = "grad-cam-plus-plus",
    .family = "activation map",
    .formula = "ReLU(sum over channels of sum(alpha max(g, 0)) A), alpha = 1 / (2 + g sum A), g = df/dA, enlarged",
    .cost = "1 gradient",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "the paper's equations in PyTorch",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
