/* noise.h: what methods share that look at noisy copies of the input: their parameters, and the copies in blocks. The
 * noise is normal, its standard deviation a share of the input's own range, as in figure 3 of Smilkov et al. 2017,
 * arXiv:1706.03825; the numbers for input i are the random stream seeds[i]. Source, not ABI, as kit.h is. */
#ifndef ASSAY_NOISE_H
#define ASSAY_NOISE_H

#include "explainer.h"
#include "kit.h"

#define NOISE_BLOCK 50u /* noisy copies held at once */

enum { NOISE_SAMPLES, NOISE_LEVEL, NOISE_PARAMS };
#define NOISE_PARAM_LIST                                                                                               \
    {                                                                                                                  \
        [NOISE_SAMPLES] = {.name = "samples",                                                                          \
                           .summary = "noisy copies of the input",                                                     \
                           .kind = ASSAY_INTEGER,                                                                      \
                           .number = 50,                                                                               \
                           .min = 1,                                                                                   \
                           .max = 100000},                                                                             \
        [NOISE_LEVEL] = {.name = "noise",                                                                              \
                         .summary = "sd of the noise as a share of the input's range (max - min)",                     \
                         .kind = ASSAY_NUMBER,                                                                         \
                         .number = .10,                                                                                \
                         .min = 0,                                                                                     \
                         .max = 10},                                                                                   \
    }

/* What `claims` is together with: there are random numbers where there is noise. */
static inline uint32_t noise_claims(const assay_param *given, uint32_t claims) {
    return claims | (given[NOISE_LEVEL].number > 0 ? ASSAY_STOCHASTIC : 0u);
}

/* The noisy copies of one input, a block at a time. */
typedef struct noise_copies {
    const assay_random *random;
    size_t count;                  /* elements of a copy */
    float *points;                 /* [NOISE_BLOCK][count] */
    uint32_t targets[NOISE_BLOCK]; /* the input's, for every copy */
} noise_copies;

/* False with the reason when the host has no random numbers or memory is out; noise_finish() either way. */
static inline bool noise_init(noise_copies *copies, const assay_explainer *self, const assay_model *model,
                              assay_why *why) {
    memset(copies, 0, sizeof *copies);
    copies->count = model->input.count;
    copies->random = (const assay_random *)kit_extension(self, ASSAY_RANDOM, why);
    copies->points = kit_floats(NOISE_BLOCK, copies->count);
    if (copies->random && !copies->points) assay_say(why, ASSAY_FAILED, "out of memory");
    return copies->random && copies->points;
}

static inline void noise_finish(noise_copies *copies) {
    free(copies->points);
}

/* max - min of the input. */
static inline double noise_range(const float *x, size_t count) {
    float low = x[0], high = x[0];
    for (size_t k = 1; k < count; k++) {
        low = fminf(low, x[k]);
        high = fmaxf(high, x[k]);
    }
    return (double)high - (double)low;
}

/* Copies [block->first, block->first + block->n) of x, with noise of that standard deviation. */
static inline void noise_fill(noise_copies *copies, const kit_block *block, const float *x, uint32_t target,
                              uint64_t seed, float sd) {
    copies->random->normal(seed, (uint64_t)block->first * copies->count, block->n * copies->count, copies->points);
    for (uint32_t i = 0; i < block->n; i++) {
        float *point = copies->points + i * copies->count;
        for (size_t k = 0; k < copies->count; k++) point[k] = x[k] + sd * point[k];
        copies->targets[i] = target;
    }
}

/* The `taken`-th gradient is added to the running mean and to the sum of squared distances from it (Welford 1962,
 * doi:10.1080/00401706.1962.10490022). */
static inline void noise_add(const float *gradient, size_t count, uint32_t taken, double *mean, double *spread) {
    for (size_t k = 0; k < count; k++) {
        double off = (double)gradient[k] - mean[k];
        mean[k] += off / taken;
        spread[k] += off * ((double)gradient[k] - mean[k]);
    }
}

/* What a method makes of one element's gradients: their mean, and the mean of their squared distances from it. */
typedef double (*noise_moment)(double mean, double variance);

/* A whole method: maps of `moment` of every element's gradients at the noisy copies. The variance is that of the copies
 * themselves (a division by their number), by Welford's recurrence, as the difference of two means would lose it. */
static inline assay_status noise_moments(const assay_explainer *self, const assay_model *model,
                                         const assay_request *request, noise_moment moment, float *maps,
                                         assay_why *why) {
    size_t count = model->input.count;
    uint32_t samples = (uint32_t)kit_number(self, NOISE_SAMPLES);
    noise_copies copies;
    assay_status status = noise_init(&copies, self, model, why) ? ASSAY_OK : ASSAY_FAILED;
    float *gradients = kit_floats(NOISE_BLOCK, count);
    double *mean = (double *)malloc((count + 1) * 2 * sizeof *mean), *spread = mean ? mean + count : NULL;
    if (status == ASSAY_OK && (!gradients || !mean)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        const float *x = request->inputs + i * count;
        float sd = (float)(kit_number(self, NOISE_LEVEL) * noise_range(x, count));
        for (size_t k = 0; k < count; k++) mean[k] = spread[k] = 0;
        for (kit_block b = {0, 0}; status == ASSAY_OK && kit_next(&b, samples, NOISE_BLOCK);) {
            noise_fill(&copies, &b, x, request->targets[i], request->seeds[i], sd);
            status = model->gradient(model, b.n, copies.points, copies.targets, gradients, why);
            for (uint32_t j = 0; j < b.n && status == ASSAY_OK; j++)
                noise_add(gradients + j * count, count, b.first + j + 1, mean, spread);
        }
        for (size_t k = 0; k < count && status == ASSAY_OK; k++)
            maps[i * count + k] = (float)moment(mean[k], spread[k] / samples);
    }
    noise_finish(&copies);
    free(gradients);
    free(mean);
    return status;
}

#endif
