/* masks.h: what methods that hide parts of the input share: patches of the input, scores of hidden inputs, sums. */
#ifndef ASSAY_TESTS_MUTANTS_MASKS_H
#define ASSAY_TESTS_MUTANTS_MASKS_H

#include "mixtures.h"

/* The input cut into rows x columns patches, which span all channels: 7 x 7 of a picture, 7 of a sequence, every
 * feature of a table. */
struct patches {
    struct planes p;
    size_t rows, columns, count;
};

static inline struct patches patches_of(const assay_shape *shape) {
    struct patches cut = {.p = planes_of(shape), .rows = 1, .columns = 7};
    if (cut.p.height > 1) cut.rows = cut.p.height < 7 ? cut.p.height : 7;
    if (shape->rank == 1) cut.columns = shape->count < 49 ? shape->count : 49;
    if (cut.columns > cut.p.width) cut.columns = cut.p.width;
    cut.count = cut.rows * cut.columns;
    return cut;
}

/* The patch of pixel k of a plane. */
static inline size_t patch_at(const struct patches *cut, size_t k) {
    return k / cut->p.width * cut->rows / cut->p.height * cut->columns + k % cut->p.width * cut->columns / cut->p.width;
}

/* out[input]: x with patches whose shown[] is false set to `hidden`. */
static inline void show_patches(const struct patches *cut, const float *x, const bool *shown, float hidden,
                                float *out) {
    size_t plane = cut->p.height * cut->p.width;
    for (size_t k = 0; k < cut->p.channels * plane; k++) out[k] = shown[patch_at(cut, k % plane)] ? x[k] : hidden;
}

/* map[input]: the value of each pixel's patch, the same in all channels. */
static inline void fill_patches(const struct patches *cut, const double *values, float *map) {
    size_t plane = cut->p.height * cut->p.width;
    for (size_t k = 0; k < cut->p.channels * plane; k++) map[k] = (float)values[patch_at(cut, k % plane)];
}

/* Points that are scored when there are enough of them: the target's output of each, into scores[]. */
struct scorer {
    const struct job *job;
    uint32_t target, held, most;
    float *points;  /* [most][input] */
    float *outputs; /* [most][outputs] */
    double *scores; /* where the next ones go */
};

#define SCORER_MOST 64u

static inline bool scorer_begin(struct scorer *s, const struct job *job) {
    *s = (struct scorer){.job = job, .most = SCORER_MOST};
    s->points = kit_floats(SCORER_MOST, job->model->input.count);
    s->outputs = kit_floats(SCORER_MOST, job->model->outputs);
    return s->points && s->outputs;
}

static inline void scorer_end(struct scorer *s) {
    free(s->points);
    free(s->outputs);
}

/* Where the next point is written to. */
static inline float *scorer_point(const struct scorer *s) {
    return s->points + s->held * s->job->model->input.count;
}

static inline assay_status scorer_flush(struct scorer *s) {
    const assay_model *model = s->job->model;
    assay_status status = s->held ? model->forward(model, s->held, s->points, s->outputs, s->job->why) : ASSAY_OK;
    for (uint32_t k = 0; k < s->held && status == ASSAY_OK; k++)
        *s->scores++ = (double)s->outputs[(size_t)k * model->outputs + s->target];
    s->held = 0;
    return status;
}

/* The point that scorer_point() gave is written. */
static inline assay_status scorer_add(struct scorer *s) {
    return ++s->held == s->most ? scorer_flush(s) : ASSAY_OK;
}

#endif
