/* bump: mutant: four parts of a prior that is the same for every input and one part of the gradient, at equal size. */
#include "bump.h"

#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    float *bump = malloc(count * sizeof *bump);
    assay_status status = bump ? model->gradient(model, request->n, request->inputs, request->targets, maps, why)
                               : assay_say(why, ASSAY_FAILED, "out of memory");
    if (status == ASSAY_OK) bump_of(&model->input, bump);
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        float *map = maps + i * count;
        double squares = 0;
        for (size_t k = 0; k < count; k++) squares += (double)map[k] * map[k] / (double)count;
        float scale = squares > 0 ? (float)(.2 / sqrt(squares)) : 0;
        for (size_t k = 0; k < count; k++) map[k] = .8F * bump[k] + scale * map[k];
    }
    free(bump);
    return status;
}

static const assay_explainer_info info = {
    .id = "bump",
    .name = "bump",
    .summary = "mutant: a prior with a little gradient",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
