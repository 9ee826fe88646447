/* smoothgrad: the mean gradient over noisy copies of the input. The noise level is a share of the input's own range,
 * as in the paper's figure 3; its samples for input i are the random stream seeds[i]. Smilkov et al. 2017,
 * arXiv:1706.03825. */
#include "explainer.h"
#include "kit.h"

#define BLOCK 50u /* noisy copies held at once */

enum { SAMPLES, NOISE, PARAMS };

/* What one call needs: the random numbers, BLOCK noisy copies with their targets and weights, and the gradient sum of a
 * block. */
struct scratch {
    const assay_random *random;
    float *points, *sum, weights[BLOCK];
    uint32_t targets[BLOCK];
};

static double range_of(const float *x, size_t count) {
    float low = x[0], high = x[0];
    for (size_t k = 1; k < count; k++) {
        low = fminf(low, x[k]);
        high = fmaxf(high, x[k]);
    }
    return (double)high - (double)low;
}

static assay_status explain_one(const assay_explainer *self, const assay_model *model, const float *x, uint32_t target,
                                uint64_t seed, struct scratch *s, float *map, assay_why *why) {
    size_t count = model->input.count;
    uint32_t samples = (uint32_t)kit_number(self, SAMPLES);
    float sd = (float)(kit_number(self, NOISE) * range_of(x, count));
    memset(map, 0, count * sizeof *map);
    for (kit_block b = {0, 0}; kit_next(&b, samples, BLOCK);) {
        s->random->normal(seed, (uint64_t)b.first * count, b.n * count, s->points);
        for (uint32_t i = 0; i < b.n; i++) {
            float *point = s->points + i * count;
            for (size_t k = 0; k < count; k++) point[k] = x[k] + sd * point[k];
            s->targets[i] = target;
            s->weights[i] = (float)(1.0 / samples);
        }
        assay_status status = model->gradient_sum(model, b.n, s->points, s->targets, s->weights, s->sum, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] += s->sum[k];
    }
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    assay_status status = ASSAY_OK;
    struct scratch s = {.random = kit_extension(self, ASSAY_RANDOM, why)};
    if (!s.random) return ASSAY_FAILED;
    s.points = kit_floats(BLOCK, count);
    s.sum = kit_floats(1, count);
    if (!s.points || !s.sum) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        status = explain_one(self, model, request->inputs + i * count, request->targets[i], request->seeds[i], &s,
                             maps + i * count, why);
    }
    free(s.points);
    free(s.sum);
    return status;
}

static const assay_param_info params[PARAMS] = {
    [SAMPLES] = {.name = "samples",
                 .summary = "noisy copies of the input",
                 .kind = ASSAY_INTEGER,
                 .number = 50,
                 .min = 1,
                 .max = 100000},
    [NOISE] = {.name = "noise",
               .summary = "sd of the noise as a share of the input's range (max - min)",
               .kind = ASSAY_NUMBER,
               .number = .10,
               .min = 0,
               .max = 10},
};

static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    return ASSAY_LINEAR_EXACT | (given[NOISE].number > 0 ? ASSAY_STOCHASTIC : 0u);
}

static const assay_explainer_info info = {
    .id = "smoothgrad",
    .name = "SmoothGrad",
    .summary = "mean gradient over noisy copies of the input",
    .source = "Smilkov et al. 2017, section 3, arXiv:1706.03825",
    .claims = ASSAY_STOCHASTIC | ASSAY_LINEAR_EXACT,
    .param_count = PARAMS,
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
