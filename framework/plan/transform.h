/* transform.h: what an attribution does to the inputs and to the class that is explained. One const descriptor each;
 * a control may bring its own. A pointer of NULL stands for "as it is". */
#ifndef ASSAY_PLAN_TRANSFORM_H
#define ASSAY_PLAN_TRANSFORM_H

#include "base/layout.h"

#include <stddef.h>
#include <stdint.h>

struct rng;

/* One sample of the data, channel by channel, and what a transform may know of the run. */
struct input_case {
    struct layout layout; /* of x: channels * positions elements */
    bool one_hot;         /* letters: one channel of a position is 1, the others 0 */
    double jitter;        /* of the rule: sd of the jitter as a share of the input's range */
};

struct input_transform {
    const char *name; /* part of the attribution's key, and the purpose of the random stream */
    /* Changes x[channels * positions]. The stream depends on the battery's seed, the name and the sample alone. */
    void (*apply)(const struct input_case *, struct rng *, float *x);
};

/* Gaussian noise on the non-zero elements, sd = rule.jitter of the input's range. Noise on a letter would be no letter:
 * of one-hot inputs a share of rule.jitter of the positions that have one, at least one, get another instead. */
extern const struct input_transform input_jitter;
/* Every channel turned by the same seeded number of rows and columns, none of them more likely than another: what
 * leaves on one side comes back on the other. What was in the same place in all inputs no longer is. */
extern const struct input_transform input_moved;
/* A seeded quarter of the positions (pixels, features) set to zero, in every channel. */
extern const struct input_transform input_zeroed;

struct target_case {
    uint32_t target; /* the class explained otherwise: fixed over all networks */
    uint32_t label, predicted;
    uint32_t second;  /* the class of the largest logit, on the unmodified network, but for `target` */
    uint32_t classes; /* outputs of the network; >= 1 */
};

struct target_transform {
    const char *name; /* part of the attribution's key, and the purpose of the random stream */
    /* The class to explain: below `classes`. */
    uint32_t (*choose)(const struct target_case *, struct rng *);
};

#endif
