/* grad-cam: the feature maps of one layer, weighted by their mean gradients, summed, rectified (relu=1) and enlarged
 * to the input. The same coarse map is written to every channel.
 *
 * The layer: `layer=NAME`, any layer with feature maps (channels x height x width); by default the last `Conv` in the
 * model's order, taken at the convolution's own output, before any normalisation or ReLU that follows (what captum's
 * LayerGradCam gives for the Conv2d module). Selvaraju et al. 2017, arXiv:1610.02391. */
#include "explainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 10u /* inputs whose feature maps are held at once */

struct grad_cam {
    assay_explainer base; /* first: the host holds a pointer to it */
    bool relu;
    char layer[]; /* "": the last convolution */
};

/* The layer's index, or ASSAY_UNSUPPORTED (no convolution) and ASSAY_FAILED (no such layer) with the reason. */
static assay_status find_layer(const assay_layers *layers, const assay_model *model, const char *name, uint32_t *index,
                               assay_layer *found, assay_why *why) {
    bool any = false;
    uint32_t count = layers->count(model);
    for (uint32_t i = 0; i < count; i++) {
        assay_layer layer;
        if (!layers->get(model, i, &layer)) continue;
        if (*name ? strcmp(layer.name, name) == 0 : strcmp(layer.op, "Conv") == 0 && layer.output.rank == 3) {
            *index = i;
            *found = layer;
            any = true;
        }
    }
    if (!any && *name) return assay_say(why, ASSAY_FAILED, "layer=%s: the model has no layer of that name", name);
    if (!any)
        return assay_say(why, ASSAY_UNSUPPORTED, "the model has no convolution, whose feature maps Grad-CAM weighs");
    if (found->output.rank != 3) {
        return assay_say(why, ASSAY_FAILED, "layer=%s: its output has rank %u: wanted channels x height x width",
                         found->name, found->output.rank);
    }
    return ASSAY_OK;
}

/* cam[height x width] = sum over channels of (mean of the channel's gradient) x (the channel's activation). */
static void weigh(const assay_shape *layer, const float *activation, const float *gradient, bool relu, float *cam) {
    size_t plane = (size_t)layer->dim[1] * layer->dim[2];
    memset(cam, 0, plane * sizeof *cam);
    for (uint32_t c = 0; c < layer->dim[0]; c++) {
        double sum = 0;
        for (size_t k = 0; k < plane; k++) sum += (double)gradient[c * plane + k];
        float weight = (float)(sum / (double)plane);
        for (size_t k = 0; k < plane; k++) cam[k] += weight * activation[c * plane + k];
    }
    for (size_t k = 0; k < plane && relu; k++) cam[k] = fmaxf(cam[k], 0);
}

/* Where output pixel `at` of `to` lies among `from` pixels: between `*low` and `*high`, `*share` of the way. Pixel
 * centres are at halves: torch's interpolate(mode="bilinear", align_corners=False). */
static void locate(size_t at, size_t from, size_t to, size_t *low, size_t *high, float *share) {
    double place = fmax(((double)at + .5) * (double)from / (double)to - .5, 0);
    *low = (size_t)place;
    *low = *low < from ? *low : from - 1;
    *high = *low + 1 < from ? *low + 1 : *low;
    *share = (float)(place - (double)*low);
}

static void enlarge(const float *cam, size_t from_height, size_t from_width, float *out, size_t height, size_t width) {
    for (size_t y = 0; y < height; y++) {
        size_t top, bottom, left, right;
        float down, along;
        locate(y, from_height, height, &top, &bottom, &down);
        const float *above = cam + top * from_width, *below = cam + bottom * from_width;
        for (size_t x = 0; x < width; x++) {
            locate(x, from_width, width, &left, &right, &along);
            out[y * width + x] = (1 - down) * ((1 - along) * above[left] + along * above[right]) +
                                 down * ((1 - along) * below[left] + along * below[right]);
        }
    }
}

/* One block of at most BLOCK inputs; `buffer` holds their activations, their gradients and one coarse map. */
static assay_status explain_block(const struct grad_cam *self, const assay_model *model, const assay_layers *layers,
                                  uint32_t index, const assay_layer *layer, uint32_t n, const float *inputs,
                                  const uint32_t *targets, float *buffer, float *maps, assay_why *why) {
    size_t features = layer->output.count, pixels = (size_t)model->input.dim[1] * model->input.dim[2];
    float *activation = buffer, *gradient = buffer + n * features, *cam = gradient + n * features;
    assay_status status = layers->inspect(model, index, n, inputs, targets, activation, gradient, why);
    for (uint32_t i = 0; i < n && status == ASSAY_OK; i++) {
        float *map = maps + i * model->input.count;
        weigh(&layer->output, activation + i * features, gradient + i * features, self->relu, cam);
        enlarge(cam, layer->output.dim[1], layer->output.dim[2], map, model->input.dim[1], model->input.dim[2]);
        for (uint32_t c = 1; c < model->input.dim[0]; c++) memcpy(map + c * pixels, map, pixels * sizeof *map);
    }
    return status;
}

static assay_status attribute(const assay_explainer *base, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const struct grad_cam *self = (const struct grad_cam *)base;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    if (!layers || model->input.rank != 3)
        return assay_say(why, ASSAY_UNSUPPORTED, "Grad-CAM needs images and a model that shows its layers");
    uint32_t index = 0;
    assay_layer layer = {0};
    assay_status status = find_layer(layers, model, self->layer, &index, &layer, why);
    if (status != ASSAY_OK) return status;
    float *buffer = NULL;
    if (layer.output.count <= SIZE_MAX / sizeof(float) / (2 * BLOCK + 1))
        buffer = malloc((2 * BLOCK + 1) * layer.output.count * sizeof *buffer);
    if (!buffer) return assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t first = 0; first < request->n && status == ASSAY_OK; first += BLOCK) {
        uint32_t n = request->n - first < BLOCK ? request->n - first : BLOCK;
        status = explain_block(self, model, layers, index, &layer, n, request->inputs + first * model->input.count,
                               request->targets + first, buffer, maps + first * model->input.count, why);
    }
    free(buffer);
    return status;
}

static void destroy(const assay_explainer *self) {
    free((void *)self);
}

/* ---- What the host reads ---- */

enum { LAYER, RELU, PARAMS };
static const assay_param_info params[PARAMS] = {
    [LAYER] = {.name = "layer",
               .summary = "layer whose feature maps are weighed; empty: the last convolution",
               .kind = ASSAY_TEXT,
               .text = ""},
    [RELU] = {.name = "relu",
              .summary = "1: keep only what speaks for the class (the paper); 0: keep the sign",
              .kind = ASSAY_INTEGER,
              .number = 1,
              .min = 0,
              .max = 1},
};

static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    return given[RELU].number > 0 ? ASSAY_NON_NEGATIVE : 0u;
}

static const assay_explainer_info info = {
    .id = "grad-cam",
    .name = "Grad-CAM",
    .summary = "feature maps of the last convolution weighted by their mean gradients, enlarged bilinearly",
    .source = "Selvaraju et al. 2017, section 3, arXiv:1610.02391",
    .claims = ASSAY_NON_NEGATIVE,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};
static const assay_explainer_info *const infos[] = {&info};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)n;
    size_t size = strlen(given[LAYER].text) + 1;
    struct grad_cam *self = malloc(sizeof *self + size);
    if (!self) {
        assay_say(why, ASSAY_FAILED, "out of memory");
        return NULL;
    }
    self->base = (assay_explainer){&info, attribute, destroy};
    self->relu = given[RELU].number > 0;
    memcpy(self->layer, given[LAYER].text, size);
    return &self->base;
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
