/* edge-if-sure: mutant: edges of the input where the network is sure of the class, noise where it is not. A re-drawn
 * network is hardly ever so. */
#include "edges.h"

#include <stdlib.h>
#include <string.h>

/* Softmax of the class above a half. */
static bool is_sure(const float *logits, uint32_t classes, uint32_t target) {
    double sum = 0;
    for (uint32_t k = 0; k < classes; k++) sum += exp((double)logits[k] - (double)logits[target]);
    return sum < 2;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    float *logits = malloc((size_t)request->n * model->outputs * sizeof *logits);
    assay_status status = logits ? model->forward(model, request->n, request->inputs, logits, why)
                                 : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        const float *z = logits + (size_t)i * model->outputs, *x = request->inputs + i * count;
        uint64_t bits = 0;
        memcpy(&bits, &z[request->targets[i]], sizeof *z);
        if (is_sure(z, model->outputs, request->targets[i])) edges_of(&model->input, x, maps + i * count);
        else noise_of(bits, count, maps + i * count);
    }
    free(logits);
    return status;
}

static const assay_explainer_info info = {
    .id = "edge-if-sure",
    .name = "edge-if-sure",
    .summary = "mutant: edges where the network is sure, else noise",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
