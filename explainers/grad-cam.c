/* grad-cam: the feature maps of one layer, weighted by their mean gradients, summed, rectified (relu=1) and enlarged
 * to the input. The same coarse map is written to every channel.
 *
 * The layer: `layer=NAME`, any layer with feature maps (channels x height x width, of sequences channels x length) or,
 * of pictures, tokens (tokens x channels); by default the last `Conv` in the model's order that has more than one
 * place, taken at the convolution's own output, before any normalisation or ReLU that follows (what captum's
 * LayerGradCam gives for the Conv2d module). Of a vision transformer the tokens that enter the last block's attention,
 * as a grid without the class token. Selvaraju et al. 2017, arXiv:1610.02391. */
#include "explainer.h"
#include "kit.h"

enum { LAYER, RELU, PARAMS };

/* The layer's maps, or ASSAY_UNSUPPORTED (none to weigh by default) and ASSAY_FAILED (no such layer) with the reason.
 */
static assay_status find_layer(const assay_layers *layers, const assay_model *model, const char *name, kit_maps *maps,
                               assay_why *why) {
    assay_layer found;
    kit_maps patches = {0};
    uint32_t index;
    if (!*name) return kit_default_maps(layers, model, maps, why);
    if (!kit_layer_named(layers, model, name, &index, &found))
        return assay_say(why, ASSAY_FAILED, "layer=%s: the model has no layer of that name", name);
    const bool picture = model->input.rank == 3;
    bool embeds = kit_last_convolution(layers, model, 2, &patches);
    if (!kit_maps_of_planes(index, &found, &model->input, maps) &&
        !(picture && kit_maps_of_tokens(index, &found, embeds ? &patches : NULL, maps)))
        return assay_say(why, ASSAY_FAILED, "layer=%s: its output has rank %u: wanted channels x %s", found.name,
                         found.output.rank, picture ? "height x width, or the tokens of a grid" : "length");
    return ASSAY_OK;
}

/* The coarse map cam[height x width], enlarged into every channel of map[input]. */
static void enlarge(const kit_maps *maps, const float *cam, const assay_shape *input, float *map) {
    size_t pixels = input->count / input->dim[0];
    kit_enlarge(maps, cam, input, map);
    for (uint32_t c = 1; c < input->dim[0]; c++) memcpy(map + c * pixels, map, pixels * sizeof *map);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    size_t height, width;
    if (!layers || !kit_plane(&model->input, &height, &width))
        return assay_say(why, ASSAY_UNSUPPORTED,
                         "Grad-CAM needs images or sequences, and a model that shows its layers");
    kit_maps maps = {0};
    assay_status status = find_layer(layers, model, kit_text(self, LAYER), &maps, why);
    if (status != ASSAY_OK) return status;
    size_t plane = (size_t)maps.height * maps.width;
    float *cams = kit_floats(request->n, plane);
    if (!cams) return assay_say(why, ASSAY_FAILED, "out of memory");
    status = kit_grad_cams(layers, model, &maps, request, cams, why);
    if (kit_number(self, RELU) > 0 && status == ASSAY_OK) kit_relu(cams, request->n * plane);
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        enlarge(&maps, cams + i * plane, &model->input, out + i * model->input.count);
    free(cams);
    return status;
}

/* ---- What the host reads ---- */

static const assay_param_info params[PARAMS] = {
    [LAYER] = {.name = "layer",
               .summary = "layer whose feature maps are weighed; empty: the last convolution with more than one place",
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
