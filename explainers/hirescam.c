/* hirescam: every place of every feature map times its own gradient, summed over channels and enlarged. The sign is
 * kept unless relu=1. Draelos & Carin 2020, arXiv:2011.08891. */
#include "cam.h"

static void weigh(const kit_maps *maps, const float *activation, const float *gradient, float *cam) {
    size_t plane = (size_t)maps->height * maps->width;
    memset(cam, 0, plane * sizeof *cam);
    for (uint32_t c = 0; c < maps->channels; c++) {
        size_t at = maps->first + c * maps->across;
        for (size_t k = 0; k < plane; k++) cam[k] += gradient[at + k * maps->along] * activation[at + k * maps->along];
    }
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    const bool relu = kit_number(self, CAM_RELU) > 0;
    return cam_attribute(self, model, request, true, weigh, relu, out, why);
}

static const assay_param_info params[CAM_PARAMS] = {
    [CAM_LAYER] = CAM_LAYER_PARAM(CAM_LAST_RECTIFIED), [CAM_RELU] = CAM_RELU_PARAM(0)};

static const assay_explainer_info info = {
    .id = "hirescam",
    .name = "HiResCAM",
    .summary = "feature maps times their gradients, summed over channels, enlarged bilinearly",
    .source = "Draelos & Carin 2020, arXiv:2011.08891",
    .param_count = CAM_PARAMS,
    .params = params,
    .claims_for = cam_claims_for,
};

static const assay_about about = {
    .id = "hirescam",
    .family = "activation map",
    .formula = "sum over channels of df/dA A, enlarged",
    .cost = "1 gradient",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "the paper's equation in PyTorch",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
