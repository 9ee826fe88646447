/* random-noise: independent normal numbers. A baseline that must not pass: it has nothing in common with itself. */
#include "explainer.h"
#include "kit.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const assay_random *random = kit_extension(self, ASSAY_RANDOM, why);
    if (!random) return ASSAY_FAILED;
    for (uint32_t i = 0; i < request->n; i++)
        random->normal(request->seeds[i], 0, model->input.count, maps + i * model->input.count);
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "random-noise",
    .name = "Random Noise",
    .summary = "baseline: independent normal numbers, another map for every seed",
    .source = "baseline",
    .claims = ASSAY_CLASS_BLIND | ASSAY_STOCHASTIC,
};

static const assay_about about = {
    .id = "random-noise",
    .family = "baseline",
    .formula = "independent N(0, 1)",
    .cost = "none",
    .inputs = ASSAY_EVERY_INPUT,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
