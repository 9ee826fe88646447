/* class-blind: mutant: gradient of the sum of all logits. Claims nothing, so only a control on classes can see it. */
#include "explainer.h"

#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    float *one = malloc(request->n * count * sizeof *one);
    uint32_t *targets = malloc(request->n * sizeof *targets);
    assay_status status = one && targets ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "out of memory");
    for (size_t k = 0; status == ASSAY_OK && k < request->n * count; k++) maps[k] = 0;
    for (uint32_t c = 0; status == ASSAY_OK && c < model->outputs; c++) {
        for (uint32_t i = 0; i < request->n; i++) targets[i] = c;
        status = model->gradient(model, request->n, request->inputs, targets, one, why);
        for (size_t k = 0; status == ASSAY_OK && k < request->n * count; k++) maps[k] += one[k];
    }
    free(one);
    free(targets);
    return status;
}

static const assay_explainer_info info = {
    .id = "class-blind",
    .name = "class-blind",
    .summary = "mutant: gradient of the sum of all logits",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
