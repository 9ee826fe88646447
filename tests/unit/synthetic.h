/* synthetic.h: a run and its results made by hand: similarities of known share, with effects of draws and of inputs,
 * as the
 * judge finds them after a real run. */
#ifndef ASSAY_TESTS_SYNTHETIC_H
#define ASSAY_TESTS_SYNTHETIC_H

#include "controls/controls.h"
#include "judge/judge.h"
#include "run/verdict.h"
#include "run/verdict_judge.h"

#define SYNTHETIC_STAGES 4u
#define SYNTHETIC_SIDE 10u

/* What one made-up explainer is like. Stages count from the top layer. */
struct profile {
    double cascade[SYNTHETIC_STAGES], single[SYNTHETIC_STAGES]; /* signed share that survives */
    double magnitude;                                           /* share of the absolute map, at every stage */
    double permuted, twin;                                      /* signed share on permuted networks and on twins */
    double permuted_magnitude, twin_magnitude;
    double floor, repeat, stable, yardstick; /* F, C, similarity under jitter; share of the absolute gradient */
    double magnitude_floor, yardstick_floor; /* F of absolute views, if not 0; F of the gradient */
    double moved_floor;                      /* of absolute views, with inputs moved: not F, if not 0 */
    double floor_sd;                         /* of F over draws */
    double gradient[SYNTHETIC_STAGES];       /* signed share of the gradient at independent stages */
    double draw_sd, input_sd, noise_sd;      /* of the share */
    double logit_r[SYNTHETIC_STAGES];        /* at independent stages */
    unsigned claims;
    bool non_negative;
};
/* Nothing survives, nothing varies: it passes everything. */
struct profile profile_clean(void);

struct synthetic_options {
    const struct control *controls[6]; /* NULL-terminated */
    uint32_t inputs, draws, classes, layers;
    double zeros;   /* share of the pixels that is exactly zero */
    enum task task; /* default TASK_AUTO, which is a classification here */
    float *targets; /* of TASK_MULTI_LABEL: [inputs][classes] of 0 and 1, borrowed */
    bool same_size; /* of all inputs' pixels: magnitudes of random weights times the input are then unrelated (M = 0) */
};
struct synthetic_options synthetic_default(void); /* the cascade alone: 12 inputs, 5 draws, 10 classes, 3 layers,
    M = 0 */

struct synthetic {
    struct synthetic_options options;
    struct battery battery;
    struct graph graph;
    struct dataset data;
    struct run run;
    struct experiment_view view; /* of the run */
    struct results *results;
};

/* Row 0 is the explainer, row 1 the yardstick. The same seed gives the same noise. */
void synthetic_create(struct synthetic *, const struct synthetic_options *, const struct profile *, uint64_t seed);
void synthetic_destroy(struct synthetic *);

/* The index of the attribution with that key; fails the test when there is none. */
uint32_t synthetic_find(const struct synthetic *, const char *key);
struct cell *synthetic_cell(const struct synthetic *, uint32_t row, const char *key);
/* All similarities of the view of that cell become `value`. */
void synthetic_fill(const struct synthetic *, struct cell *, enum view, double matched, double mismatched);

/* Puts everything into a store in memory, as a run would have; synthetic_destroy() closes it. */
void synthetic_store(struct synthetic *);

/* The verdict of row 0 under control `control` (its place in the options). */
struct judgement synthetic_judge(const struct synthetic *, uint32_t control);

#endif
