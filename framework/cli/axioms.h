/* axioms.h: axioms on attribution methods, each with a network that was built for it, inputs, and what it says of the
 * maps there. Sundararajan et al. 2017, arXiv:1703.01365, sections 2.1 and 3. Private to `assay check`. */
#ifndef ASSAY_CLI_AXIOMS_H
#define ASSAY_CLI_AXIOMS_H

#include "nn/weights.h"

#include <stdint.h>

#define AXIOM_INPUTS 12u /* most that an axiom asks for */

/* What an axiom asks for. */
struct axiom_case {
    struct graph *graph;
    struct weights *weights;
    size_t count; /* elements of an input */
    double baseline;
    uint64_t seed; /* of weights, inputs and explainers */
    uint32_t n;
    float *inputs; /* [AXIOM_INPUTS][count] */
    uint32_t targets[AXIOM_INPUTS];
    uint64_t seeds[AXIOM_INPUTS];
    double due[AXIOM_INPUTS]; /* logit of the target there, less that of the baseline */
};

struct axiom {
    const char *id;
    const char *what;    /* the statement */
    bool breach;         /* a claim promises it: else it is a property that most methods have, and a warning */
    unsigned claims;     /* enum assay_claim: asked of methods that claim one of these, */
    unsigned never;      /* and none of those */
    const char *layers;  /* of the network (nn/arch.h) */
    struct shape sample; /* of one input */
    void (*pose)(struct axiom_case *); /* n, inputs and targets; they are zeros */
    /* How far the maps[n][count] are off. */
    double (*measure)(const struct axiom_case *, const float *maps);
    double allowed;
};

#define AXIOMS 4u
extern const struct axiom axioms[AXIOMS];

bool axiom_is_asked(const struct axiom *, unsigned claims);
/* Finish after a failure, too. */
bool axiom_case_init(struct axiom_case *, const struct axiom *, double baseline, uint64_t seed, struct error *);
void axiom_case_finish(struct axiom_case *);

#endif
