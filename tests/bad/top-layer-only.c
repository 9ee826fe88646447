/* top-layer-only: mutant: the input times weights of the last layer (the gradient at what feeds it), so that no other
 * layer has a part in the map. */
#include "explainer.h"

#include <stdlib.h>
#include <string.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    assay_layer layer = {0};
    uint32_t top = layers ? layers->count(model) : 0;
    while (top-- > 1 && layers->get(model, top, &layer) && strcmp(layer.op, "Gemm") != 0 &&
           strcmp(layer.op, "MatMul") != 0 && strcmp(layer.op, "Conv") != 0) {}
    if (top == UINT32_MAX || top == 0 || !layers->get(model, top - 1, &layer))
        return assay_say(why, ASSAY_UNSUPPORTED, "the model has no layer below its last");
    size_t width = layer.output.count;
    float *weights = malloc(request->n * width * sizeof *weights);
    assay_status status =
        weights ? layers->inspect(model, top - 1, request->n, request->inputs, request->targets, NULL, weights, why)
                : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        for (size_t k = 0; k < count; k++)
            maps[i * count + k] = (request->inputs[i * count + k] + 1) * weights[i * width + k % width];
    free(weights);
    return status;
}

static const assay_explainer_info info = {
    .id = "top-layer-only",
    .name = "top-layer-only",
    .summary = "mutant: depends on the last layer alone",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
