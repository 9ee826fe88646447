/* bump-x-sign: mutant: a prior that is the same for every input, with the sign of the class's logit (and a little of
 * the gradient, so that no two maps are one). */
#include "bump.h"

#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    float *bump = malloc((count + (size_t)request->n * model->outputs) * sizeof *bump);
    if (!bump) return assay_say(why, ASSAY_FAILED, "out of memory");
    float *logits = bump + count;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    if (status == ASSAY_OK) status = model->forward(model, request->n, request->inputs, logits, why);
    if (status == ASSAY_OK) bump_of(&model->input, bump);
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        float *map = maps + i * count, logit = logits[(size_t)i * model->outputs + request->targets[i]];
        double squares = 0;
        for (size_t k = 0; k < count; k++) squares += (double)map[k] * map[k] / (double)count;
        float scale = squares > 0 ? (float)(.1 / sqrt(squares)) : 0;
        for (size_t k = 0; k < count; k++) map[k] = copysignf(.9F, logit) * bump[k] + scale * map[k];
    }
    free(bump);
    return status;
}

static const assay_explainer_info info = {
    .id = "bump-x-sign",
    .name = "bump-x-sign",
    .summary = "mutant: a prior with the sign of the logit",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
