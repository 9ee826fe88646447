/* guided-grad-cam: guided backpropagation times the rectified, enlarged Grad-CAM at its default layer (grad-cam.c).
 * Each Grad-CAM is divided by its largest value before the product, so that its scale, which differs between models by
 * orders of magnitude, does not enter; ranks are unchanged by it.
 * Selvaraju et al. 2017, arXiv:1610.02391. */
#include "explainer.h"
#include "kit.h"

/* map[input] *= coarse map cam, rectified, enlarged into plane[positions of the input], and divided by its largest
 * value (a cam of zeros stays one), in every channel. */
static void multiply(const kit_maps *maps, float *cam, const assay_shape *input, float *plane, float *map) {
    size_t pixels = input->count / input->dim[0];
    float largest = 0;
    kit_relu(cam, (size_t)maps->height * maps->width);
    kit_enlarge(maps, cam, input, plane);
    for (size_t k = 0; k < pixels; k++) largest = fmaxf(largest, plane[k]);
    for (size_t k = 0; k < pixels; k++) plane[k] /= largest > 0 ? largest : 1;
    for (uint32_t c = 0; c < input->dim[0]; c++)
        for (size_t k = 0; k < pixels; k++) map[c * pixels + k] *= plane[k];
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    (void)self;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    size_t height, width;
    if (!layers || !backward || !kit_plane(&model->input, &height, &width)) {
        return assay_say(why, ASSAY_UNSUPPORTED, "needs images or sequences, and a model with %s and %s", ASSAY_LAYERS,
                         ASSAY_BACKWARD);
    }
    kit_maps maps = {0};
    assay_status status = kit_default_maps(layers, model, &maps, why);
    if (status != ASSAY_OK) return status;
    status = backward->gradient(model, ASSAY_RULE_GUIDED, request->n, request->inputs, request->targets, out, why);
    if (status != ASSAY_OK) return status;
    size_t coarse = (size_t)maps.height * maps.width;
    float *cams = kit_floats(request->n, coarse), *plane = kit_floats(1, model->input.count);
    status = cams && plane ? kit_grad_cams(layers, model, &maps, request, cams, why)
                           : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        multiply(&maps, cams + i * coarse, &model->input, plane, out + i * model->input.count);
    free(cams);
    free(plane);
    return status;
}

static const assay_explainer_info info = {
    .id = "guided-grad-cam",
    .name = "Guided Grad-CAM",
    .summary = "guided backpropagation times Grad-CAM of the last convolution, enlarged bilinearly",
    .source = "Selvaraju et al. 2017, section 3.2, arXiv:1610.02391",
};

static const assay_about about = {
    .id = "guided-grad-cam",
    .family = "activation map",
    .formula = "guided-backprop times grad-cam, the latter over its largest value",
    .cost = "1 gradient, 1 backward",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "captum 0.9.0 GuidedGradCam, scaled",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
