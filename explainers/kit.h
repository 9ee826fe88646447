/* kit.h: what explainers repeat: memory, blocks of samples, parameters, layer search, feature maps, upsampling.
 * Header-only, beside explainer.h; a plugin that includes it needs no library but libm. It is source, not ABI: a plugin
 * carries its own copy, so that this file may change where explainer.h may not. */
#ifndef ASSAY_KIT_H
#define ASSAY_KIT_H

#include "explainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory and blocks ---- */

/* Room for count * size floats, not initialised; NULL when the product overflows or memory is out. free() it. */
static inline float *kit_floats(size_t count, size_t size) {
    if (size && count > SIZE_MAX / sizeof(float) / size) return NULL;
    size_t bytes = count * size * sizeof(float);
    return (float *)malloc(bytes ? bytes : 1);
}

/* A run of consecutive samples: [first, first + n). Begins as {0, 0}. */
typedef struct kit_block {
    uint32_t first, n;
} kit_block;

/* Moves on to the next block of at most `most` (> 0) of `total` samples; false when all were visited:
 *     for (kit_block b = {0, 0}; kit_next(&b, total, most);)  */
static inline bool kit_next(kit_block *block, uint32_t total, uint32_t most) {
    block->first += block->n;
    block->n = total - block->first < most ? total - block->first : most;
    return block->n > 0;
}

/* ---- Explainers with parameters ---- */

/* An explainer that keeps its parameters. A larger struct may begin with it. */
typedef struct kit_explainer {
    assay_explainer base;
    const assay_host *host;    /* borrowed; outlives the explainer */
    const assay_param *params; /* a copy of what create() got, in the order of info->params */
} kit_explainer;

/* The number of parameter `index`, which is a NUMBER or INTEGER. */
static inline double kit_number(const assay_explainer *self, uint32_t index) {
    return ((const kit_explainer *)self)->params[index].number;
}

/* The text of parameter `index`, which is a CHOICE or TEXT. Borrowed; valid as long as the explainer. */
static inline const char *kit_text(const assay_explainer *self, uint32_t index) {
    return ((const kit_explainer *)self)->params[index].text;
}

/* The host's extension of that name; NULL, with the reason in `why`, when the host has none. */
static inline const void *kit_extension(const assay_explainer *self, const char *name, assay_why *why) {
    const assay_host *host = ((const kit_explainer *)self)->host;
    const void *extension = host->extension(host, name);
    if (!extension) assay_say(why, ASSAY_FAILED, "the host offers no %s", name);
    return extension;
}

/* The destroy function of what kit_create() made. */
static inline void kit_destroy(const assay_explainer *self) {
    free((void *)self);
}

typedef assay_status (*kit_attribute)(const assay_explainer *, const assay_model *, const assay_request *, float *maps,
                                      assay_why *);

/* For create(): an explainer of `size` bytes that begins with a kit_explainer; what lies behind that is zero. The
 * parameters are copied, their texts included. NULL, with the reason in `why`, when memory is out. */
static inline kit_explainer *kit_create(size_t size, const assay_explainer_info *info, kit_attribute attribute,
                                        const assay_host *host, const assay_param *params, uint32_t n, assay_why *why) {
    const size_t step = sizeof(assay_param);
    size_t texts = 0, start = (size + step - 1) / step * step;
    for (uint32_t i = 0; i < n; i++) texts += params[i].text ? strlen(params[i].text) + 1 : 0;
    char *memory = (char *)calloc(1, start + n * step + texts);
    if (!memory) {
        assay_say(why, ASSAY_FAILED, "out of memory");
        return NULL;
    }
    assay_param *copy = (assay_param *)(void *)(memory + start);
    char *end = memory + start + n * step;
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = params[i];
        copy[i].name = info->params[i].name;
        if (!params[i].text) continue;
        size_t length = strlen(params[i].text) + 1;
        copy[i].text = (const char *)memcpy(end, params[i].text, length);
        end += length;
    }
    kit_explainer *self = (kit_explainer *)(void *)memory;
    self->base.info = info;
    self->base.attribute = attribute;
    self->base.destroy = kit_destroy;
    self->host = host;
    self->params = copy;
    return self;
}

/* A library of one method with parameters. At the end of its file,
 *     KIT_PLUGIN(info, attribute);
 * defines assay_entry, as ASSAY_PLUGIN does for a method without; attribute() asks kit_number() and kit_text(). */
#define KIT_PLUGIN(info_name, attribute_name)                                                                          \
    static const assay_explainer *kit_plugin_create(const assay_host *host_, const char *id_,                          \
                                                    const assay_param *params_, uint32_t n_, assay_why *why_) {        \
        kit_explainer *self_ = kit_create(sizeof *self_, &info_name, attribute_name, host_, params_, n_, why_);        \
        (void)id_;                                                                                                     \
        return self_ ? &self_->base : NULL;                                                                            \
    }                                                                                                                  \
    static const assay_explainer_info *const kit_plugin_infos[] = {&info_name};                                        \
    const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, kit_plugin_infos, kit_plugin_create}

/* ---- Layers ---- */

/* The model's layer of that name, as `assay list layers` prints it; false when there is none. `layer` borrows from the
 * model. */
static inline bool kit_layer_named(const assay_layers *layers, const assay_model *model, const char *name,
                                   uint32_t *index, assay_layer *layer) {
    uint32_t count = layers->count(model);
    for (uint32_t i = count; i-- > 0;) {
        if (!layers->get(model, i, layer) || strcmp(layer->name, name) != 0) continue;
        *index = i;
        return true;
    }
    return false;
}

/* The feature maps of a sample as planes: height x width of a picture, 1 x length of a sequence (rank 2); false for
 * shapes that are neither. Dimension 0 counts channels. */
static inline bool kit_plane(const assay_shape *shape, size_t *height, size_t *width) {
    *height = shape->rank == 3 ? shape->dim[1] : 1;
    *width = shape->rank == 2 || shape->rank == 3 ? shape->dim[shape->rank - 1] : 0;
    return shape->rank == 2 || shape->rank == 3;
}

/* Feature maps of a layer: channel c at row y and column x is element first + c * across + (y * width + x) * along. */
typedef struct kit_maps {
    uint32_t index; /* of the layer */
    assay_layer layer;
    uint32_t channels, height, width;
    size_t first, across, along;
} kit_maps;

/* Planes as the model's input has them: channels x height x width, or channels x length, which is one row. */
static inline bool kit_maps_of_planes(uint32_t index, const assay_layer *layer, const assay_shape *input,
                                      kit_maps *out) {
    size_t height, width;
    if (layer->output.rank != input->rank || !kit_plane(&layer->output, &height, &width)) return false;
    *out = (kit_maps){index, *layer, layer->output.dim[0], (uint32_t)height, (uint32_t)width, 0, height * width, 1};
    return true;
}

/* The last `Conv` in the model's order that gives feature maps like the model's input (rank 3: channels x height x
 * width; rank 2: channels x length) of at least `places` places; false when there is none. Its activation is the
 * convolution's own output, before any normalisation or ReLU that follows. */
static inline bool kit_last_convolution(const assay_layers *layers, const assay_model *model, size_t places,
                                        kit_maps *out) {
    assay_layer layer;
    uint32_t count = layers->count(model);
    for (uint32_t i = count; i-- > 0;)
        if (layers->get(model, i, &layer) && strcmp(layer.op, "Conv") == 0 &&
            kit_maps_of_planes(i, &layer, &model->input, out) && out->across >= places)
            return true;
    return false;
}

/* Tokens x channels, as a grid: that of the patch embedding `patches` (or NULL) behind up to 8 other tokens (class,
 * registers), else a square of all tokens, or of all but the first. */
static inline bool kit_maps_of_tokens(uint32_t index, const assay_layer *layer, const kit_maps *patches,
                                      kit_maps *out) {
    uint32_t tokens = layer->output.dim[0], channels = layer->output.dim[1];
    if (layer->output.rank != 2 || tokens < 4) return false;
    *out = (kit_maps){index, *layer, channels, 0, 0, 0, 1, channels};
    if (patches && patches->across <= tokens && tokens - patches->across <= 8) {
        out->height = patches->height;
        out->width = patches->width;
    }
    for (uint32_t skip = 0; skip < 2 && !out->height; skip++) {
        uint32_t side = (uint32_t)sqrt((double)(tokens - skip) + .5);
        if (side * side == tokens - skip) out->height = out->width = side;
    }
    out->first = ((size_t)tokens - (size_t)out->height * out->width) * channels;
    return out->height > 0;
}

/* The last self-attention: a Softmax over a square of [heads x] tokens x tokens; false when there is none. */
static inline bool kit_last_attention(const assay_layers *layers, const assay_model *model, uint32_t *index,
                                      uint32_t *tokens) {
    assay_layer layer;
    for (uint32_t i = layers->count(model); i-- > 0;) {
        if (!layers->get(model, i, &layer) || strcmp(layer.op, "Softmax") != 0 || layer.output.rank < 2) continue;
        *tokens = layer.output.dim[layer.output.rank - 1];
        *index = i;
        if (*tokens > 1 && layer.output.dim[layer.output.rank - 2] == *tokens) return true;
    }
    return false;
}

/* The tokens that enter the last block's attention: the output of the LayerNormalization before it. Behind that
 * attention only the class token bears on the logits. A normalisation in single operators ends with the last Add (or,
 * without a bias, Mul) that comes before the first product with a weight. */
static inline bool kit_last_tokens(const assay_layers *layers, const assay_model *model, const kit_maps *patches,
                                   kit_maps *out) {
    uint32_t attention, tokens, root = UINT32_MAX, best = UINT32_MAX;
    assay_layer layer;
    if (!kit_last_attention(layers, model, &attention, &tokens)) return false;
    for (uint32_t i = attention; i-- > 0 && best == UINT32_MAX && root == UINT32_MAX;) {
        if (!layers->get(model, i, &layer) || layer.output.rank != 2 || layer.output.dim[0] != tokens) continue;
        if (strcmp(layer.op, "LayerNormalization") == 0) best = i;
        if (strcmp(layer.op, "Sqrt") == 0 && layer.output.dim[1] == 1) root = i;
    }
    for (uint32_t i = root; i != UINT32_MAX && i < attention && layers->get(model, i, &layer); i++) {
        if (strcmp(layer.op, "MatMul") == 0 || strcmp(layer.op, "Gemm") == 0) break;
        if (strcmp(layer.op, "Add") == 0 || strcmp(layer.op, "Mul") == 0) best = i;
    }
    return best != UINT32_MAX && layers->get(model, best, &layer) && kit_maps_of_tokens(best, &layer, patches, out);
}

/* What Grad-CAM weighs unless told otherwise: the last convolution with more than one place; of a transformer, whose
 * attention comes behind every such convolution, the last block's tokens as a grid. ASSAY_UNSUPPORTED with the reason
 * when there is neither. */
static inline assay_status kit_default_maps(const assay_layers *layers, const assay_model *model, kit_maps *out,
                                            assay_why *why) {
    kit_maps places = {0}, patches = {0}, tokens;
    uint32_t attention = 0, count;
    bool convolves = kit_last_convolution(layers, model, 2, &places);
    bool embeds = kit_last_convolution(layers, model, 1, &patches);
    bool picture = model->input.rank == 3; /* tokens are a grid of nothing else */
    if (picture && kit_last_attention(layers, model, &attention, &count) && (!embeds || patches.index < attention) &&
        kit_last_tokens(layers, model, convolves ? &places : NULL, &tokens)) {
        *out = tokens;
        return ASSAY_OK;
    }
    *out = places;
    if (convolves) return ASSAY_OK;
    if (!embeds)
        return assay_say(why, ASSAY_UNSUPPORTED,
                         "the model has no convolution, whose feature maps could be weighed: layer= wanted");
    return assay_say(why, ASSAY_UNSUPPORTED, "the last convolution is %s, and its feature map is 1 x 1: layer= wanted",
                     patches.layer.name);
}

/* ---- Feature maps ---- */

/* cam[height x width] = sum over channels of (mean of the channel's gradient) x (the channel's activation): equations 1
 * and 2 of Selvaraju et al. 2017 (Grad-CAM, arXiv:1610.02391) without the ReLU. activation and gradient are the
 * layer's output for one sample. */
static inline void kit_grad_cam(const kit_maps *maps, const float *activation, const float *gradient, float *cam) {
    size_t plane = (size_t)maps->height * maps->width;
    memset(cam, 0, plane * sizeof *cam);
    for (uint32_t c = 0; c < maps->channels; c++) {
        size_t at = maps->first + c * maps->across;
        double sum = 0;
        for (size_t k = 0; k < plane; k++) sum += (double)gradient[at + k * maps->along];
        float weight = (float)(sum / (double)plane);
        for (size_t k = 0; k < plane; k++) cam[k] += weight * activation[at + k * maps->along];
    }
}

/* How a method makes a coarse map of a layer's output for one sample and the target's gradient there. */
typedef void (*kit_weigh)(const kit_maps *, const float *activation, const float *gradient, float *cam);

#define KIT_FEATURES_BLOCK 10u /* samples whose feature maps kit_cams() holds at once */

/* The same for every input of a request: cams[n][height x width of the maps]. Fails as the model does, and when memory
 * is out. */
static inline assay_status kit_cams(const assay_layers *layers, const assay_model *model, const kit_maps *maps,
                                    const assay_request *request, kit_weigh weigh, float *cams, assay_why *why) {
    size_t count = maps->layer.output.count, plane = (size_t)maps->height * maps->width;
    assay_status status = ASSAY_OK;
    float *activation = kit_floats(KIT_FEATURES_BLOCK, count), *gradient = kit_floats(KIT_FEATURES_BLOCK, count);
    if (!activation || !gradient) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (kit_block b = {0, 0}; status == ASSAY_OK && kit_next(&b, request->n, KIT_FEATURES_BLOCK);) {
        status = layers->inspect(model, maps->index, b.n, request->inputs + b.first * model->input.count,
                                 request->targets + b.first, activation, gradient, why);
        for (uint32_t i = 0; i < b.n && status == ASSAY_OK; i++)
            weigh(maps, activation + i * count, gradient + i * count, cams + (b.first + i) * plane);
    }
    free(activation);
    free(gradient);
    return status;
}

static inline assay_status kit_grad_cams(const assay_layers *layers, const assay_model *model, const kit_maps *maps,
                                         const assay_request *request, float *cams, assay_why *why) {
    return kit_cams(layers, model, maps, request, kit_grad_cam, cams, why);
}

/* map[n]: what is below zero becomes zero. */
static inline void kit_relu(float *map, size_t n) {
    for (size_t k = 0; k < n; k++) map[k] = fmaxf(map[k], 0);
}

/* Where output pixel `at` of `to` lies among `from` pixels: between `*low` and `*high`, `*share` of the way from the
 * one to the other. Pixel centres are at halves. */
static inline void kit_locate(size_t at, size_t from, size_t to, size_t *low, size_t *high, float *share) {
    double position = fmax(((double)at + .5) * (double)from / (double)to - .5, 0);
    *low = (size_t)position;
    *low = *low < from ? *low : from - 1;
    *high = *low + 1 < from ? *low + 1 : *low;
    *share = (float)(position - (double)*low);
}

/* Bilinear upsampling of map[from_height x from_width] to out[height x width], none of them zero: torch's
 * interpolate(mode="bilinear", align_corners=False). The edge pixels are repeated beyond the border. */
static inline void kit_upsample(const float *map, size_t from_height, size_t from_width, float *out, size_t height,
                                size_t width) {
    for (size_t y = 0; y < height; y++) {
        size_t top, bottom, left, right;
        float down, along;
        kit_locate(y, from_height, height, &top, &bottom, &down);
        const float *above = map + top * from_width, *below = map + bottom * from_width;
        for (size_t x = 0; x < width; x++) {
            kit_locate(x, from_width, width, &left, &right, &along);
            out[y * width + x] = (1 - down) * ((1 - along) * above[left] + along * above[right]) +
                                 down * ((1 - along) * below[left] + along * below[right]);
        }
    }
}

/* The coarse map cam of a layer's maps enlarged to a plane of the input (kit_plane); of sequences it is linear. */
static inline void kit_enlarge(const kit_maps *maps, const float *cam, const assay_shape *input, float *out) {
    size_t height, width;
    if (kit_plane(input, &height, &width)) kit_upsample(cam, maps->height, maps->width, out, height, width);
}

#endif
