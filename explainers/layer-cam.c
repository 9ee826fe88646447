/* layer-cam: every place of every feature map weighs its own positive gradient; the sum over channels, rectified
 * and enlarged. Jiang et al. 2021, doi:10.1109/TIP.2021.3089943. */
#include "cam.h"

static void weigh(const kit_maps *maps, const float *activation, const float *gradient, float *cam) {
    size_t plane = (size_t)maps->height * maps->width;
    memset(cam, 0, plane * sizeof *cam);
    for (uint32_t c = 0; c < maps->channels; c++) {
        size_t at = maps->first + c * maps->across;
        for (size_t k = 0; k < plane; k++)
            cam[k] += fmaxf(gradient[at + k * maps->along], 0) * activation[at + k * maps->along];
    }
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    return cam_attribute(self, model, request, true, weigh, true, out, why);
}

static const assay_param_info params[] = {[CAM_LAYER] = CAM_LAYER_PARAM(CAM_LAST_RECTIFIED)};

static const assay_explainer_info info = {
    .id = "layer-cam",
    .name = "LayerCAM",
    .summary = "feature maps weighted place by place by their positive gradients, enlarged bilinearly",
    .source = "Jiang et al. 2021, section III, doi:10.1109/TIP.2021.3089943",
    .claims = ASSAY_NON_NEGATIVE,
    .param_count = 1,
    .params = params,
};

static const assay_about about = {
    .id = "layer-cam",
    .family = "activation map",
    .formula = "ReLU(sum over channels of max(df/dA, 0) A), enlarged",
    .cost = "1 gradient",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "the paper's equations in PyTorch",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
