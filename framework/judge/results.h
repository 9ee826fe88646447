/* results.h: what the store knows, in memory, for the judge. */
#ifndef ASSAY_JUDGE_RESULTS_H
#define ASSAY_JUDGE_RESULTS_H

#include "experiment/view.h"
#include "store/store.h"

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

#define RESULTS_CHANCES (2 * (size_t)ROOT_COUNT * (REDUCE_MAX_ABS + 1) * VIEW_COUNT)

/* Reasons of verdicts, owned in one place so that judgements can be copied. */
struct sentences {
    char **list;
    size_t count;
    bool failed; /* memory was missing for a number that a judgement rests on: judge() fails */
};
/* Takes the text over, also where it fails: out of memory. */
bool sentences_keep(struct sentences *, char *text);

struct results {
    struct experiment_view view;
    uint32_t attribution_count;     /* of the plan when loaded: it may have grown since */
    uint32_t check_count;           /* likewise */
    struct cell *cells;             /* [rows][attributions] */
    double *(*matched)[VIEW_COUNT]; /* [rows][attributions][measures]: what the cells point to */
    struct audit *audits;           /* [attributions] */
    struct checked *checks;         /* [rows][checks of the plan] */
    double **deviations; /* of each of these [2][inputs of the root]: every deviation, and what is allowed there; NaN:
                            not checked; NULL until there is one */
    double **readings;   /* of each of these, where it is of a study [readings], NaN: not measured; NULL: none stored */
    double *chance;      /* [RESULTS_CHANCES]: M and Mx (chance.h) by root, reduction and view; NaN: not yet */
    struct sentences *sentences; /* of judgements made from these results */
};

/* Of an experiment of which nothing is known yet. */
bool results_create(const struct experiment_view *, struct results **out, struct error *);
/* What the store has of it; rows of explainers and attributions that the view has not are passed over. */
bool results_load(const struct experiment_view *, struct store *, struct results **out, struct error *);
void results_destroy(struct results *);

const struct cell *results_cell(const struct results *, uint32_t row, uint32_t attribution);

#endif
