/* smoothgrad: the mean gradient over noisy copies of the input. The noise level is a share of the input's own range,
 * as in the paper's figure 3; its samples for input i are the random stream seeds[i]. Smilkov et al. 2017,
 * arXiv:1706.03825. */
#include "explainer.h"

#include <math.h>
#include <stdlib.h>

#define BLOCK 50u /* noisy copies held at once */

struct smoothgrad {
    assay_explainer base; /* first: the host holds a pointer to it */
    const assay_random *random;
    uint32_t samples;
    double noise;
};

/* Buffers of one call: BLOCK noisy copies, their targets and weights, and the gradient sum of a block. */
struct work {
    float *points, *weights, *sum;
    uint32_t *targets;
};

static void work_finish(struct work *work) {
    free(work->points);
    free(work->weights);
    free(work->sum);
    free(work->targets);
}

static bool work_init(struct work *work, size_t count) {
    *work = (struct work){0};
    if (count > SIZE_MAX / sizeof(float) / BLOCK) return false;
    work->points = malloc(BLOCK * count * sizeof(float));
    work->weights = malloc(BLOCK * sizeof(float));
    work->sum = malloc(count * sizeof(float));
    work->targets = malloc(BLOCK * sizeof(uint32_t));
    return work->points && work->weights && work->sum && work->targets;
}

static double range_of(const float *x, size_t count) {
    float low = x[0], high = x[0];
    for (size_t k = 1; k < count; k++) {
        low = fminf(low, x[k]);
        high = fmaxf(high, x[k]);
    }
    return (double)high - (double)low;
}

static assay_status explain_one(const struct smoothgrad *self, const assay_model *model, const float *x,
                                uint32_t target, uint64_t seed, struct work *work, float *map, assay_why *why) {
    size_t count = model->input.count;
    float sd = (float)(self->noise * range_of(x, count));
    for (size_t k = 0; k < count; k++) map[k] = 0;
    for (uint32_t first = 0; first < self->samples; first += BLOCK) {
        uint32_t n = self->samples - first < BLOCK ? self->samples - first : BLOCK;
        self->random->normal(seed, (uint64_t)first * count, n * count, work->points);
        for (uint32_t s = 0; s < n; s++) {
            float *point = work->points + s * count;
            for (size_t k = 0; k < count; k++) point[k] = x[k] + sd * point[k];
            work->targets[s] = target;
            work->weights[s] = (float)(1.0 / self->samples);
        }
        assay_status status = model->gradient_sum(model, n, work->points, work->targets, work->weights, work->sum, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] += work->sum[k];
    }
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *base, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const struct smoothgrad *self = (const struct smoothgrad *)base;
    size_t count = model->input.count;
    struct work work;
    assay_status status = ASSAY_OK;
    if (!work_init(&work, count)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        status = explain_one(self, model, request->inputs + i * count, request->targets[i], request->seeds[i], &work,
                             maps + i * count, why);
    }
    work_finish(&work);
    return status;
}

static void destroy(const assay_explainer *self) {
    free((void *)self);
}

enum { SAMPLES, NOISE, PARAMS };
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
static const assay_explainer_info *const infos[] = {&info};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)id, (void)n;
    const assay_random *random = host->extension(host, ASSAY_RANDOM);
    struct smoothgrad *self = random ? malloc(sizeof *self) : NULL;
    if (!self) {
        assay_say(why, ASSAY_FAILED, random ? "out of memory" : "the host offers no " ASSAY_RANDOM);
        return NULL;
    }
    *self =
        (struct smoothgrad){{&info, attribute, destroy}, random, (uint32_t)given[SAMPLES].number, given[NOISE].number};
    return &self->base;
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
