/* crash-late: gradient until the network is another than at first; then writes where no memory is. */
#include "explainer.h"

#include <stdlib.h>
#include <string.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    static float *input, first[64];
    float logits[64] = {0};
    bool begins = !input;
    (void)self;
    if (begins) {
        input = malloc(model->input.count * sizeof *input);
        if (!input || model->outputs > 64) return assay_say(why, ASSAY_FAILED, "more classes than 64, or no memory");
        memcpy(input, request->inputs, model->input.count * sizeof *input);
    }
    model->forward(model, 1, input, logits, why);
    if (begins) memcpy(first, logits, sizeof first);
    volatile uintptr_t nowhere = 64;
    if (memcmp(first, logits, sizeof first) != 0) *(volatile int *)nowhere = 1;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "crash-late",
    .name = "crash-late",
    .summary = "gradient until the network is another; then writes where no memory is",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
