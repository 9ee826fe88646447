/* cam.h: what class activation maps share beside kit.h: their parameters, the layer they weigh, and the coarse map
 * enlarged into every channel of the input. Source, not ABI, as kit.h is.
 *
 * The layer: `layer=NAME`, any layer with feature maps (channels x height x width, of sequences channels x length) or,
 * of pictures, tokens (tokens x channels). By default the last convolution with more than one place; of a vision
 * transformer the tokens that enter the last block's attention (kit_default_maps). */
#ifndef ASSAY_CAM_H
#define ASSAY_CAM_H

#include "explainer.h"
#include "kit.h"

/* ---- Parameters: a method has the first, or both. With rectified maps and weights of 0 or more a ReLU at the end
 * changes nothing, and is no parameter ---- */

enum { CAM_LAYER, CAM_RELU, CAM_PARAMS };

#define CAM_LAYER_PARAM(which)                                                                                         \
    {                                                                                                                  \
        .name = "layer", .summary = "layer whose feature maps are weighed; empty: " which, .kind = ASSAY_TEXT,         \
        .text = ""                                                                                                     \
    }
#define CAM_RELU_PARAM(value)                                                                                          \
    {                                                                                                                  \
        .name = "relu", .summary = "1: keep only what speaks for the class; 0: keep the sign", .kind = ASSAY_INTEGER,  \
        .number = (value), .min = 0, .max = 1                                                                          \
    }
#define CAM_LAST "the last convolution with more than one place"
#define CAM_LAST_RECTIFIED "the last convolution with more than one place, behind its rectifier"

/* Non-negative exactly where it ends in a ReLU. */
static inline uint32_t cam_claims_for(const assay_param *given, uint32_t n) {
    return n > CAM_RELU && given[CAM_RELU].number > 0 ? ASSAY_NON_NEGATIVE : 0u;
}

/* ---- The layer ---- */

/* The feature maps as they leave the rectifier behind a convolution, across a normalisation and the end of a residual
 * block; as they were where no such rectifier follows. */
static inline void cam_rectified(const assay_layers *layers, const assay_model *model, kit_maps *maps) {
    kit_maps found;
    assay_layer layer;
    for (uint32_t i = maps->index + 1; layers->get(model, i, &layer); i++) {
        bool rectifier = strcmp(layer.op, "Relu") == 0 || strcmp(layer.op, "Clip") == 0;
        bool between = strcmp(layer.op, "BatchNormalization") == 0 || strcmp(layer.op, "Add") == 0;
        if ((!rectifier && !between) || !kit_maps_of_planes(i, &layer, &model->input, &found)) return;
        if (found.channels != maps->channels || found.height != maps->height || found.width != maps->width) return;
        if (!rectifier) continue;
        *maps = found;
        return;
    }
}

/* Those that could be meant, the last first: they are the usual ones. */
static inline assay_status cam_say_layers(const assay_layers *layers, const assay_model *model, const char *name,
                                          assay_why *why) {
    char list[160] = "";
    size_t used = 0;
    kit_maps maps;
    assay_layer layer;
    for (uint32_t i = layers->count(model); i-- > 0;) {
        if (!layers->get(model, i, &layer) || !*layer.name || !kit_maps_of_planes(i, &layer, &model->input, &maps))
            continue;
        int more = snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : ": it has ", layer.name);
        if (more < 0 || (size_t)more >= sizeof list - used) {
            snprintf(list + used, sizeof list - used, "%s", sizeof list - used > 5 ? ", ..." : "");
            break;
        }
        used += (size_t)more;
    }
    return assay_say(why, ASSAY_FAILED, "layer=%s: the model has no layer of that name%s", name, list);
}

/* The maps of the layer called `name`, or the default, with `rectified` behind its rectifier. ASSAY_UNSUPPORTED where
 * the model has no feature maps and ASSAY_FAILED where it has no such layer, with the reason. */
static inline assay_status cam_find(const assay_layers *layers, const assay_model *model, const char *name,
                                    bool rectified, kit_maps *maps, assay_why *why) {
    assay_layer found;
    kit_maps patches = {0};
    uint32_t index;
    if (!*name) {
        assay_status status = kit_default_maps(layers, model, maps, why);
        if (status == ASSAY_OK && rectified && strcmp(maps->layer.op, "Conv") == 0) cam_rectified(layers, model, maps);
        return status;
    }
    if (!kit_layer_named(layers, model, name, &index, &found)) return cam_say_layers(layers, model, name, why);
    const bool picture = model->input.rank == 3;
    bool embeds = kit_last_convolution(layers, model, 2, &patches);
    if (!kit_maps_of_planes(index, &found, &model->input, maps) &&
        !(picture && kit_maps_of_tokens(index, &found, embeds ? &patches : NULL, maps)))
        return assay_say(why, ASSAY_FAILED, "layer=%s: its output has rank %u: wanted channels x %s", found.name,
                         found.output.rank, picture ? "height x width, or the tokens of a grid" : "length");
    return ASSAY_OK;
}

/* The model's layers and the maps of the parameter CAM_LAYER; ASSAY_UNSUPPORTED with the reason for models that are
 * neither of pictures nor of sequences. */
static inline assay_status cam_open(const assay_explainer *self, const assay_model *model, bool rectified,
                                    const assay_layers **layers, kit_maps *maps, assay_why *why) {
    size_t height, width;
    *layers = (const assay_layers *)model->extension(model, ASSAY_LAYERS);
    if (!*layers || !kit_plane(&model->input, &height, &width))
        return assay_say(why, ASSAY_UNSUPPORTED, "%s needs images or sequences, and a model that shows its layers",
                         self->info->name);
    return cam_find(*layers, model, kit_text(self, CAM_LAYER), rectified, maps, why);
}

/* ---- The map ---- */

/* The coarse map cam[height x width], enlarged into every channel of map[input]. */
static inline void cam_enlarge(const kit_maps *maps, const float *cam, const assay_shape *input, float *map) {
    size_t pixels = input->count / input->dim[0];
    kit_enlarge(maps, cam, input, map);
    for (uint32_t c = 1; c < input->dim[0]; c++) memcpy(map + c * pixels, map, pixels * sizeof *map);
}

/* A whole method: the coarse maps by `weigh`, rectified or not, enlarged. */
static inline assay_status cam_attribute(const assay_explainer *self, const assay_model *model,
                                         const assay_request *request, bool rectified, kit_weigh weigh, bool relu,
                                         float *out, assay_why *why) {
    const assay_layers *layers;
    kit_maps maps;
    memset(&maps, 0, sizeof maps);
    assay_status status = cam_open(self, model, rectified, &layers, &maps, why);
    if (status != ASSAY_OK) return status;
    size_t plane = (size_t)maps.height * maps.width;
    float *cams = kit_floats(request->n, plane);
    if (!cams) return assay_say(why, ASSAY_FAILED, "out of memory");
    status = kit_cams(layers, model, &maps, request, weigh, cams, why);
    if (status == ASSAY_OK && relu) kit_relu(cams, request->n * plane);
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        cam_enlarge(&maps, cams + i * plane, &model->input, out + i * model->input.count);
    free(cams);
    return status;
}

#endif
