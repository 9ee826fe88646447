/* kit_scores.h: the logit of many perturbed inputs, in few large requests. Header-only, for explainers, beside kit.h.
 */
#ifndef ASSAY_KIT_SCORES_H
#define ASSAY_KIT_SCORES_H

#include "explainer.h"
#include "kit.h"

#define KIT_SCORES_FLOATS ((size_t)1 << 20) /* of the points that are held at once, ... */
#define KIT_SCORES_MOST ((size_t)1000)      /* ... which are no more than this, ... */
#define KIT_SCORES_LEAST ((size_t)20)       /* ... and no fewer, ... */
#define KIT_SCORES_UNIT ((size_t)10)        /* ... and so many times what the host takes at a time at most */

/* Points go in one by one; their scores come out in the same order. */
typedef struct kit_scorer {
    const assay_model *model;
    uint32_t target;  /* the class whose logit is the score */
    bool probability; /* the softmax probability in place of the logit */
    double *scores;   /* where the next score goes; set by the caller before the first point */
    size_t held, room;
    float *points, *logits;
    assay_why *why;
} kit_scorer;

/* kit_scorer_finish() in any case. */
static inline assay_status kit_scorer_init(kit_scorer *s, const assay_model *model, assay_why *why) {
    size_t count = model->input.count, room = KIT_SCORES_FLOATS / count;
    room = room > KIT_SCORES_MOST ? KIT_SCORES_MOST : room < KIT_SCORES_LEAST ? KIT_SCORES_LEAST : room;
    room -= room % KIT_SCORES_UNIT;
    *s = (kit_scorer){.model = model, .room = room, .why = why};
    s->points = kit_floats(room, count);
    s->logits = kit_floats(room, model->outputs);
    return s->points && s->logits ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "out of memory");
}

static inline void kit_scorer_finish(kit_scorer *s) {
    free(s->points);
    free(s->logits);
}

/* log p = logit - log sum exp, in double precision. */
static inline double kit_probability(const float *logits, uint32_t classes, uint32_t target) {
    double most = (double)logits[0], sum = 0;
    for (uint32_t c = 1; c < classes; c++) most = fmax(most, (double)logits[c]);
    for (uint32_t c = 0; c < classes; c++) sum += exp((double)logits[c] - most);
    return exp((double)logits[target] - most) / sum;
}

/* Scores what is held. Fails as the model does. */
static inline assay_status kit_scorer_flush(kit_scorer *s) {
    uint32_t classes = s->model->outputs;
    if (s->held == 0) return ASSAY_OK;
    assay_status status = s->model->forward(s->model, (uint32_t)s->held, s->points, s->logits, s->why);
    for (size_t i = 0; i < s->held && status == ASSAY_OK; i++) {
        const float *logits = s->logits + i * classes;
        *s->scores++ = s->probability ? kit_probability(logits, classes, s->target) : (double)logits[s->target];
    }
    s->held = 0;
    return status;
}

/* Where the next point[input] is to be written. */
static inline float *kit_scorer_point(const kit_scorer *s) {
    return s->points + s->held * s->model->input.count;
}

/* That point is complete. Fails as the model does. */
static inline assay_status kit_scorer_add(kit_scorer *s) {
    return ++s->held == s->room ? kit_scorer_flush(s) : ASSAY_OK;
}

#endif
