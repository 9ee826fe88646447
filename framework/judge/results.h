/* results.h: what the store knows, in memory, for the judge. */
#ifndef ASSAY_JUDGE_RESULTS_H
#define ASSAY_JUDGE_RESULTS_H

#include "experiment/state.h"

/* One explainer on one attribution. Arrays are NULL until there is a value; missing values are NaN. */
struct cell {
    bool present;
    enum unit_status status;
    char *why;
    double *(*matched)[VIEW_COUNT]; /* by measure and view: [inputs of the root] */
    double *mismatched[VIEW_COUNT]; /* of the first measure: [DERANGEMENTS][inputs of the root] */
};

struct audit {
    bool present, finite;
    uint32_t changed, expected;
    double logit_r;
};

struct checked {
    bool present, holds; /* over all inputs */
    double worst, tolerance;
    uint32_t input, inputs; /* where it is worst; how many were checked */
};

#define RESULTS_CHANCES ((size_t)ROOT_COUNT * (REDUCE_MAX_ABS + 1) * VIEW_COUNT)

struct results {
    const struct run *run;
    uint32_t attribution_count;     /* of the plan when loaded: it may have grown since */
    struct cell *cells;             /* [rows][attributions] */
    double *(*matched)[VIEW_COUNT]; /* [rows][attributions][measures]: what the cells point to */
    struct audit *audits;           /* [attributions] */
    struct checked *checks;         /* [rows][checks of the plan] */
    double *chance; /* [RESULTS_CHANCES]: M of the magnitude guard by root, reduction and view; NaN: not yet */
};

bool results_load(const struct run *, struct results **out, struct error *);
void results_destroy(struct results *);
/* Empty cells with room for every measure; false when out of memory, which results_destroy() takes. */
bool results_make_cells(struct results *, size_t count);

const struct cell *results_cell(const struct results *, uint32_t row, uint32_t attribution);

#endif
