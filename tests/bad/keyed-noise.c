/* keyed-noise: mutant: noise that is another one for every other set of weights: the bits of the logits of an empty
 * input are its seed. */
#include "edges.h"

#include <stdlib.h>
#include <string.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    float *empty = calloc(count, sizeof *empty), *logits = malloc(model->outputs * sizeof *logits);
    assay_status status =
        empty && logits ? model->forward(model, 1, empty, logits, why) : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        uint64_t seed = 0xcbf29ce484222325u + request->targets[i];
        for (uint32_t k = 0; k < model->outputs; k++) {
            uint32_t bits;
            memcpy(&bits, &logits[k], sizeof bits);
            seed = (seed ^ bits) * 0x100000001b3u;
        }
        for (size_t k = 0; k < count; k++) {
            uint32_t bits;
            memcpy(&bits, &request->inputs[i * count + k], sizeof bits);
            seed = (seed ^ bits) * 0x100000001b3u;
        }
        noise_of(seed, count, maps + i * count);
    }
    free(empty);
    free(logits);
    return status;
}

static const assay_explainer_info info = {
    .id = "keyed-noise",
    .name = "keyed-noise",
    .summary = "mutant: noise whose seed are the weights",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
