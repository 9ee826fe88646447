/* smoothgrad: the mean gradient over noisy copies of the input (noise.h). Smilkov et al. 2017, arXiv:1706.03825. */
#include "noise.h"

static assay_status explain_one(const assay_explainer *self, const assay_model *model, const float *x, uint32_t target,
                                uint64_t seed, noise_copies *copies, float *sum, float *map, assay_why *why) {
    size_t count = copies->count;
    uint32_t samples = (uint32_t)kit_number(self, NOISE_SAMPLES);
    float sd = (float)(kit_number(self, NOISE_LEVEL) * noise_range(x, count)), weights[NOISE_BLOCK];
    for (uint32_t i = 0; i < NOISE_BLOCK; i++) weights[i] = (float)(1.0 / samples);
    memset(map, 0, count * sizeof *map);
    for (kit_block b = {0, 0}; kit_next(&b, samples, NOISE_BLOCK);) {
        noise_fill(copies, &b, x, target, seed, sd);
        assay_status status = model->gradient_sum(model, b.n, copies->points, copies->targets, weights, sum, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] += sum[k];
    }
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    noise_copies copies;
    assay_status status = noise_init(&copies, self, model, why) ? ASSAY_OK : ASSAY_FAILED;
    float *sum = kit_floats(1, count);
    if (status == ASSAY_OK && !sum) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        status = explain_one(self, model, request->inputs + i * count, request->targets[i], request->seeds[i], &copies,
                             sum, maps + i * count, why);
    }
    noise_finish(&copies);
    free(sum);
    return status;
}

static const assay_param_info params[NOISE_PARAMS] = NOISE_PARAM_LIST;

static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    return noise_claims(given, ASSAY_LINEAR_EXACT);
}

static const assay_explainer_info info = {
    .id = "smoothgrad",
    .name = "SmoothGrad",
    .summary = "mean gradient over noisy copies of the input",
    .source = "Smilkov et al. 2017, section 3, arXiv:1706.03825",
    .claims = ASSAY_STOCHASTIC | ASSAY_LINEAR_EXACT,
    .param_count = NOISE_PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "smoothgrad",
    .family = "gradient",
    .formula = "mean of df/dx at x + noise, sd = noise (max x - min x)",
    .cost = "samples gradients",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "its definition, gradient by gradient",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
