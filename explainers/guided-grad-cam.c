/* guided-grad-cam: guided backpropagation times the rectified, enlarged Grad-CAM of the last convolution (the last
 * `Conv` in the model's order, at its own output). Each Grad-CAM is divided by its largest value before the product, so
 * that its scale, which differs between models by orders of magnitude, does not enter; ranks are unchanged by it.
 * Selvaraju et al. 2017, arXiv:1610.02391. */
#include "explainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 10u /* inputs whose feature maps are held at once */

static bool find_convolution(const assay_layers *layers, const assay_model *model, uint32_t *index,
                             assay_layer *found) {
    bool any = false;
    uint32_t count = layers->count(model);
    for (uint32_t i = 0; i < count; i++) {
        assay_layer layer;
        if (layers->get(model, i, &layer) && strcmp(layer.op, "Conv") == 0 && layer.output.rank == 3) {
            *index = i;
            *found = layer;
            any = true;
        }
    }
    return any;
}

/* cam = relu(sum over channels of (mean of the channel's gradient) x (the channel's activation)) */
static void weigh(const assay_shape *layer, const float *activation, const float *gradient, float *cam) {
    size_t plane = (size_t)layer->dim[1] * layer->dim[2];
    memset(cam, 0, plane * sizeof *cam);
    for (uint32_t c = 0; c < layer->dim[0]; c++) {
        double sum = 0;
        for (size_t k = 0; k < plane; k++) sum += (double)gradient[c * plane + k];
        float weight = (float)(sum / (double)plane);
        for (size_t k = 0; k < plane; k++) cam[k] += weight * activation[c * plane + k];
    }
    for (size_t k = 0; k < plane; k++) cam[k] = fmaxf(cam[k], 0);
}

/* The value at output pixel (y, x) of `to` of the bilinear enlargement of cam[from]; pixel centres are at halves, as in
 * torch's interpolate(mode="bilinear", align_corners=False). */
static float enlarged(const float *cam, const uint32_t from[2], const uint32_t to[2], uint32_t y, uint32_t x) {
    size_t low[2], high[2];
    float share[2];
    const uint32_t at[2] = {y, x};
    for (int d = 0; d < 2; d++) {
        double place = fmax((at[d] + .5) * from[d] / to[d] - .5, 0);
        low[d] = (size_t)place < from[d] ? (size_t)place : from[d] - 1;
        high[d] = low[d] + 1 < from[d] ? low[d] + 1 : low[d];
        share[d] = (float)(place - (double)low[d]);
    }
    const float *above = cam + low[0] * from[1], *below = cam + high[0] * from[1];
    return (1 - share[0]) * ((1 - share[1]) * above[low[1]] + share[1] * above[high[1]]) +
           share[0] * ((1 - share[1]) * below[low[1]] + share[1] * below[high[1]]);
}

/* map *= the enlarged cam, divided by its largest value (a cam of zeros stays one), in every channel. */
static void multiply(const assay_shape *input, const assay_shape *layer, const float *cam, float *map) {
    size_t pixels = (size_t)input->dim[1] * input->dim[2];
    float largest = 0;
    for (uint32_t y = 0; y < input->dim[1]; y++)
        for (uint32_t x = 0; x < input->dim[2]; x++)
            largest = fmaxf(largest, enlarged(cam, layer->dim + 1, input->dim + 1, y, x));
    for (uint32_t y = 0; y < input->dim[1]; y++) {
        for (uint32_t x = 0; x < input->dim[2]; x++) {
            float value = enlarged(cam, layer->dim + 1, input->dim + 1, y, x) / (largest > 0 ? largest : 1);
            for (uint32_t c = 0; c < input->dim[0]; c++) map[c * pixels + (size_t)y * input->dim[2] + x] *= value;
        }
    }
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    if (!layers || !backward || model->input.rank != 3) {
        return assay_say(why, ASSAY_UNSUPPORTED, "needs images, and a model with %s and %s", ASSAY_LAYERS,
                         ASSAY_BACKWARD);
    }
    uint32_t index = 0;
    assay_layer layer = {0};
    if (!find_convolution(layers, model, &index, &layer))
        return assay_say(why, ASSAY_UNSUPPORTED, "the model has no convolution, whose feature maps Grad-CAM weighs");
    assay_status status =
        backward->gradient(model, ASSAY_RULE_GUIDED, request->n, request->inputs, request->targets, maps, why);
    if (status != ASSAY_OK) return status;
    size_t count = model->input.count, features = layer.output.count;
    float *buffer = features <= SIZE_MAX / sizeof(float) / (2 * BLOCK + 1)
                        ? malloc((2 * BLOCK + 1) * features * sizeof *buffer)
                        : NULL;
    if (!buffer) return assay_say(why, ASSAY_FAILED, "out of memory");
    float *activation = buffer, *gradient = buffer + BLOCK * features, *cam = gradient + BLOCK * features;
    for (uint32_t first = 0; first < request->n && status == ASSAY_OK; first += BLOCK) {
        uint32_t n = request->n - first < BLOCK ? request->n - first : BLOCK;
        status = layers->inspect(model, index, n, request->inputs + first * count, request->targets + first, activation,
                                 gradient, why);
        for (uint32_t i = 0; i < n && status == ASSAY_OK; i++) {
            weigh(&layer.output, activation + i * features, gradient + i * features, cam);
            multiply(&model->input, &layer.output, cam, maps + (first + i) * count);
        }
    }
    free(buffer);
    return status;
}

static const assay_explainer_info info = {
    .id = "guided-grad-cam",
    .name = "Guided Grad-CAM",
    .summary = "guided backpropagation times Grad-CAM of the last convolution, enlarged bilinearly",
    .source = "Selvaraju et al. 2017, section 3.2, arXiv:1610.02391",
};

ASSAY_PLUGIN(info, attribute);
