/* study.h: an experiment of a control's own, where comparing maps of the run's inputs is not enough: networks and
 * inputs that the control makes, and what it measures on the maps that an explainer gives there. One unit of the store:
 * a list of numbers under the study's name. */
#ifndef ASSAY_PLAN_STUDY_H
#define ASSAY_PLAN_STUDY_H

#include "nn/weights.h"
#include "plan/plan.h"

/* A number that a study measures, `count` times. */
struct study_reading {
    struct predicate predicate; /* id, what, limit; nothing else */
    uint32_t count;
};

/* Maps that a study wants. The seed of sample i depends on the battery's seed, the row, the study, repeat and
 * first + i. */
struct study_request {
    const struct weights *weights; /* of any network */
    const float *mask;             /* [sample of that network]: the network is shown mask * x; NULL: x */
    uint32_t n, first, repeat;
    const float *x; /* [n][sample] */
    const uint32_t *targets;
    bool own; /* the network is one of the user's in other words: a backward rule without effect is refused there */
};

enum study_outcome {
    STUDY_DONE,
    STUDY_UNSUPPORTED, /* the study does not apply to this network, or the explainer not to the study's */
    STUDY_FAILED
};

struct study_case {
    const struct study *study;
    const struct weights *model; /* the user's network */
    const struct shape *sample;  /* of the data */
    uint32_t classes;            /* of the user's network */
    bool paired;                 /* its one logit was made two */
    bool one_hot;
    uint32_t inputs; /* of the run */
    const float *x;  /* [inputs][sample] */
    const uint32_t *target;
    uint64_t seed;      /* of the battery */
    unsigned claims;    /* enum assay_claim of the explainer */
    double baseline;    /* every element of the baseline that COMPLETE is about */
    double **values;    /* [readings][count of each]: NaN at first; what stays so was not measured */
    struct study_host { /* of the process that the study runs in */
        enum study_outcome (*explain)(void *user, const struct study_request *, float *maps, struct error *);
        /* logits[n][classes]; false: they are not finite. */
        bool (*forward)(void *user, const struct weights *, uint32_t n, const float *x, float *logits, struct error *);
        void *user;
    } host;
};

struct study {
    const char *name; /* names the unit: unique, kebab-case, slashes */
    const struct study_reading *readings;
    uint32_t reading_count; /* at most STUDY_READINGS_MAX */
    uint32_t inputs;        /* that its readings rest on */
    uint32_t maps;          /* that it asks for at most: the limit of its time, and its cost */
    uint32_t number;        /* the study's own: which of several */
    /* Fails and is unsupported with the reason. */
    enum study_outcome (*run)(const struct study_case *, struct error *);
};

#define STUDY_READINGS_MAX 24u

/* STUDY_FAILED: out of memory. */
enum study_outcome study_memory(struct error *);

/* The study under the control's number, in the plan. */
bool plan_study(struct plan *, uint32_t control, const struct study *, struct error *);

#endif
