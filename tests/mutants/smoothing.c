/* smoothing: SmoothGrad: honest relatives, and mutants with one fault each. */
#include "mixtures.h"

#define COPIES 25u

enum smooth_of { SMOOTH_MEAN, SMOOTH_SQUARES, SMOOTH_VARIANCE };

/* The noise, and what is made of the gradients at noisy copies. */
struct smoothing {
    uint32_t copies;   /* 0: COPIES */
    double mean;       /* of the noise, in standard deviations */
    bool uniform;      /* noise from 0 to sqrt(12) standard deviations, in place of normal noise */
    bool counted;      /* noise by the number of the call, in place of the seed */
    bool growing;      /* noise is added to the last copy, in place of the input */
    enum smooth_of of; /* the mean, the mean of squares, the variance */
    double level;      /* standard deviation as a share of the input's range; 0: .1 */
};

static double range_of(const float *x, size_t count) {
    float low = x[0], high = x[0];
    for (size_t k = 1; k < count; k++) {
        low = fminf(low, x[k]);
        high = fmaxf(high, x[k]);
    }
    return (double)high - (double)low;
}

static void copies_of(const struct smoothing *s, const assay_random *random, uint64_t seed, const float *x,
                      size_t count, uint32_t copies, float *points) {
    static unsigned calls;
    double sd = (s->level > 0 ? s->level : .1) * range_of(x, count);
    if (s->counted) seed = ++calls;
    if (s->uniform) random->uniform(seed, 0, copies * count, points);
    else random->normal(seed, 0, copies * count, points);
    for (uint32_t c = 0; c < copies; c++)
        for (size_t k = 0; k < count; k++) {
            float *point = points + c * count + k;
            const float *from = s->growing && c > 0 ? point - count : x + k;
            *point = *from + (float)(sd * (s->mean + (s->uniform ? sqrt(12) : 1) * (double)*point));
        }
}

/* map[input] from gradients[copies][input]. */
static void gather(enum smooth_of of, const float *gradients, uint32_t copies, size_t count, float *map) {
    for (size_t k = 0; k < count; k++) {
        double sum = 0, squares = 0;
        for (uint32_t c = 0; c < copies; c++) {
            double g = (double)gradients[c * count + k];
            sum += g;
            squares += g * g;
        }
        sum /= copies;
        squares /= copies;
        map[k] = (float)(of == SMOOTH_MEAN ? sum : of == SMOOTH_SQUARES ? squares : fmax(squares - sum * sum, 0));
    }
}

static assay_status smoothed(const struct job *job) {
    static const struct smoothing plain = {0};
    const struct smoothing *s = job->mutant->with ? (const struct smoothing *)job->mutant->with : &plain;
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_random *random = mutant_random(job);
    size_t count = model->input.count;
    uint32_t copies = s->copies ? s->copies : COPIES, targets[COPIES];
    float *points = kit_floats(2 * COPIES, count), *gradients = points ? points + COPIES * count : NULL;
    assay_status status = !random ? ASSAY_FAILED : points ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++) {
        for (uint32_t c = 0; c < copies; c++) targets[c] = r->targets[i];
        copies_of(s, random, r->seeds[i], r->inputs + i * count, count, copies, points);
        status = model->gradient(model, copies, points, targets, gradients, job->why);
        if (status == ASSAY_OK) gather(s->of, gradients, copies, count, job->maps + i * count);
    }
    free(points);
    return status;
}

/* ---- The tables ---- */

#define SMOOTH_PAPER "Smilkov et al. 2017, section 3, arXiv:1706.03825"
#define SMOOTHGRAD(id, wrong) MUTANT(id, "smoothgrad", wrong, ASSAY_STOCHASTIC | ASSAY_LINEAR_EXACT), .honest = smoothed
#define WITH(...)                                                                                                      \
    .with = &(const struct smoothing) {                                                                                \
        __VA_ARGS__                                                                                                    \
    }

static const struct mutant mutants[] = {
    {HONEST("smoothgrad-squared", "Hooker et al. 2019, section 3.2, arXiv:1806.10758",
            "mean of squared gradients at noisy copies", ASSAY_STOCHASTIC | ASSAY_NON_NEGATIVE),
     .honest = smoothed, WITH(.of = SMOOTH_SQUARES)},
    {HONEST("vargrad", "Adebayo et al. 2018, arXiv:1810.03307", "variance of gradients at noisy copies",
            ASSAY_STOCHASTIC | ASSAY_NON_NEGATIVE),
     .honest = smoothed, WITH(.of = SMOOTH_VARIANCE)},
    {HONEST("smoothgrad-x-input", SMOOTH_PAPER, "SmoothGrad times the input",
            ASSAY_STOCHASTIC | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT),
     .honest = smoothed, .fault = times_input},

    {SMOOTHGRAD("smoothgrad-class-next", "explains the class after the target"), .fault = class_next},
    {SMOOTHGRAD("smoothgrad-probability", "explains the softmax probability"), .fault = probability},
    {SMOOTHGRAD("smoothgrad-minus", "minus the map"), .fault = minus},
    {SMOOTHGRAD("smoothgrad-biased-noise", "uniform noise from 0 up"), WITH(.uniform = true), .dose = 1.73},
    {SMOOTHGRAD("smoothgrad-noise-mean", "noise of mean .5 standard deviations"), WITH(.mean = .5), .dose = .5},
    {SMOOTHGRAD("smoothgrad-growing-noise", "noise added to the last noisy copy"), WITH(.growing = true)},
    {SMOOTHGRAD("smoothgrad-one-copy", "one copy in place of 25"), WITH(.copies = 1),
     .equals = "SmoothGrad of one copy"},
    {SMOOTHGRAD("smoothgrad-seed-ignored", "noise by the number of the call"), WITH(.counted = true)},
    {SMOOTHGRAD("smoothgrad-shifted-1", "one pixel to the right"), .fault = shifted, .dose = 1},
    {SMOOTHGRAD("smoothgrad-flipped", "top and bottom exchanged"), .fault = flipped},
    {SMOOTHGRAD("smoothgrad-bump-50", "a bump in the middle mixed in"), .fault = with_bump, .dose = .50},
    {SMOOTHGRAD("smoothgrad-edges-25", "edges of the input mixed in"), .fault = with_edges, .dose = .25},
    {SMOOTHGRAD("smoothgrad-zero-odd", "empty maps of odd classes"), .fault = zero_odd},
};

MUTANT_PLUGIN("smoothing");
