/* weights.h: what the weight randomisations measure, for the tests and for the words of the verdict. Private to
 * weights*.c and prior.c. */
#ifndef ASSAY_JUDGE_WEIGHTS_H
#define ASSAY_JUDGE_WEIGHTS_H

#include "judge/case.h"
#include "measure/interval.h"

enum decision {
    OPEN,
    PASSES,
    FAILS,
    DOMINATED,    /* by the input; of the prior of maps without signs: by what is shared */
    VANISHED,     /* too few maps are left */
    GREY,         /* a single layer: what survives of the map is explained by the function that survives */
    NO_MAGNITUDE, /* the magnitudes cannot be judged */
    NOT_ASKED,
    NOT_A_NUMBER,
    DECISIONS
};

/* A mean with what bounds a PASS (vanished maps dropped) and what bounds a FAIL (vanished maps counted as a share of
 * 0). */
struct bounded {
    struct interval kept, filled;
};

struct test {
    uint32_t stage;
    enum view view;
    enum decision decision;
    double limit;
    struct bounded share;
    struct bounded paired;     /* less the gradient's share: independent layers, and maps without signs */
    struct bounded excess;     /* less |r| of the logits: independent layers */
    struct interval magnitude; /* maps without signs: the share beyond what random weights times the input leave */
    double vanished;           /* share of cells */
    double logit_r;            /* mean |r| of the stage's logits over the draws; NaN of the cascade */
};

struct weights_tests { /* what all tests of one explainer and control share */
    struct judge_case *c;
    double *y, *z, *u; /* [draws or derangements, whichever are more][inputs] scratch */
    double alpha_pass, alpha_fail;
    struct test *tests; /* [stages][views] */
    uint32_t test_count;
    struct test guard; /* M */
    bool has_guard;
    double guard_base;
    struct test priors[2]; /* P, by view of the case */
    uint32_t prior_count;
    struct test magnitude_prior; /* MP of signed maps, else the share that other inputs' maps have */
    bool has_magnitude_prior;
    double prior_base;      /* b0 */
    double alpha_magnitude; /* of its PASS */
};

/* Whether shares lie below or above a limit; false where a bound is not a number. */
bool weights_below(const struct interval *, double alpha, double limit);
bool weights_above(const struct interval *, double alpha, double limit);
/* Vanished where too few maps are left, or not a number; false where a decision can be made. */
bool weights_undefined(const struct weights_tests *, struct test *);

/* t->decision from what was measured, with weights_tests.alpha_fail and alpha_pass; open where neither bound is passed.
 * The first by the kind of map and control; the second of the share alone, one-sided both ways. */
void weights_decide(struct weights_tests *, struct test *);
void weights_decide_share(const struct weights_tests *, struct test *);

/* P and MP (prior.c), where they belong to this control: to the cascade, and without one to single layers. */
bool prior_applies(const struct judge_case *);
/* How many tests of the Bonferroni family they are. */
uint32_t prior_tests(const struct judge_case *);
void prior_run(struct weights_tests *);
/* The map of each input moved to another place, where one is asked for, was computed. Else an ERROR, and true. */
bool gate_moved(const struct judge_case *, struct judgement *);

/* From the tests to a verdict and its reason. */
void weights_conclude(const struct weights_tests *, struct judgement *);

#endif
