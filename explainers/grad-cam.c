/* grad-cam: the feature maps of one layer, weighted by their mean gradients, summed, rectified (relu=1) and enlarged
 * to the input. The same coarse map is written to every channel. The default layer (cam.h) is taken at the
 * convolution's own output, before any normalisation or ReLU that follows: what captum's LayerGradCam gives for the
 * Conv2d module. Selvaraju et al. 2017, arXiv:1610.02391. */
#include "cam.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    const bool relu = kit_number(self, CAM_RELU) > 0;
    return cam_attribute(self, model, request, false, kit_grad_cam, relu, out, why);
}

static const assay_param_info params[CAM_PARAMS] = {
    [CAM_LAYER] = CAM_LAYER_PARAM(CAM_LAST), [CAM_RELU] = CAM_RELU_PARAM(1)};

static const assay_explainer_info info = {
    .id = "grad-cam",
    .name = "Grad-CAM",
    .summary = "feature maps of the last convolution weighted by their mean gradients, enlarged bilinearly",
    .source = "Selvaraju et al. 2017, section 3, arXiv:1610.02391",
    .claims = ASSAY_NON_NEGATIVE,
    .param_count = CAM_PARAMS,
    .params = params,
    .claims_for = cam_claims_for,
};

static const assay_about about = {
    .id = "grad-cam",
    .family = "activation map",
    .formula = "ReLU(sum over channels of mean(df/dA) A), enlarged",
    .cost = "1 gradient",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "captum 0.9.0 LayerGradCam, interpolated",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
