/* edge-if-right: mutant: edges of the input where the class is the predicted one, noise where it is not. A re-drawn
 * network is hardly ever so. */
#include "edges.h"

#include <stdlib.h>
#include <string.h>

static bool is_predicted(const float *logits, uint32_t classes, uint32_t target) {
    for (uint32_t k = 0; k < classes; k++)
        if (logits[k] > logits[target]) return false;
    return true;
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
        if (is_predicted(z, model->outputs, request->targets[i])) edges_of(&model->input, x, maps + i * count);
        else noise_of(bits, count, maps + i * count);
    }
    free(logits);
    return status;
}

static const assay_explainer_info info = {
    .id = "edge-if-right",
    .name = "edge-if-right",
    .summary = "mutant: edges where the class is the predicted one, else noise",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
