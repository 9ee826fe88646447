/* half-path: integrated gradients whose path ends half-way, and that claims to be complete. */
#include "explainer.h"

#define STEPS 20u

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    const assay_line *line = model->extension(model, ASSAY_LINE);
    float positions[STEPS], weights[STEPS];
    if (!line) return assay_say(why, ASSAY_UNSUPPORTED, "no gradients on a line");
    for (uint32_t k = 0; k < STEPS; k++) {
        positions[k] = ((float)k + .5f) / (2 * STEPS);
        weights[k] = .5f / STEPS;
    }
    for (uint32_t i = 0; i < request->n; i++) {
        const float *x = request->inputs + i * count;
        float *map = maps + i * count;
        float origin[4096] = {0};
        if (count > sizeof origin / sizeof *origin) return assay_say(why, ASSAY_UNSUPPORTED, "inputs are too large");
        assay_status status =
            line->gradient_sum(model, origin, x, request->targets[i], STEPS, positions, weights, map, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] *= x[k];
    }
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "half-path",
    .name = "half-path",
    .summary = "integrated gradients from zero to a half of the input",
    .source = "tests/bad",
    .claims = ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER,
};

ASSAY_PLUGIN(info, attribute);
