/* first-layer-only: mutant: what the first layer answers, summed over its channels and as large as the input, so that
 * no later layer has a part in the map. */
#include "explainer.h"

#include <math.h>
#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    assay_layer layer = {0};
    uint32_t first = 0, layer_count = layers ? layers->count(model) : 0;
    while (first < layer_count && layers->get(model, first, &layer) && layer.op[0] != 'C' && layer.op[0] != 'G')
        first++;
    if (first == layer_count) return assay_say(why, ASSAY_UNSUPPORTED, "the model has no layer");
    size_t width = layer.output.count, channels = layer.output.rank > 1 ? layer.output.dim[0] : 1,
           positions = width / channels;
    float *answers = malloc(request->n * width * sizeof *answers);
    assay_status status =
        answers ? layers->inspect(model, first, request->n, request->inputs, request->targets, answers, NULL, why)
                : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        for (size_t k = 0; k < count; k++) {
            float sum = 0;
            for (size_t c = 0; c < channels; c++) sum += answers[i * width + c * positions + k * positions / count];
            maps[i * count + k] = sum;
        }
    free(answers);
    return status;
}

static const assay_explainer_info info = {
    .id = "first-layer-only",
    .name = "first-layer-only",
    .summary = "mutant: depends on the first layer alone",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
