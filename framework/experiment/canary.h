/* canary.h: maps with known answers, which a run judges on its own network beside the explainers (docs/verdict.md,
 * section 10). One that comes out wrong says that this network or these data are no ground for verdicts. They are rows
 * of the harness, made of inputs and gradients without any plugin. */
#ifndef ASSAY_EXPERIMENT_CANARY_H
#define ASSAY_EXPERIMENT_CANARY_H

#include "base/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a map is made of, for one input on one network. */
struct canary_case {
    struct layout layout;
    const float *x, *gradient; /* [channels * positions]: the input; the gradient of the logit explained */
    uint64_t seed;             /* of the run: what is the same for every input and network */
    uint64_t own_seed;         /* of this input, network and repetition */
};

struct canary {
    const char *name;          /* of its row, in brackets as those of yardsticks */
    const char *what;          /* in words */
    unsigned claims;           /* enum assay_claim */
    unsigned right, undecided; /* bits of enum verdict_word: as known; neither that nor wrong */
    bool same;                 /* on every network it is what it was on the original */
    /* map[channels * positions]; thread-safe. */
    void (*make)(const struct canary_case *, float *map);
};

/* Ended by a NULL name. */
extern const struct canary canaries[];
size_t canary_count(void);

#endif
