/* selector.h: what choosing the inputs of a root works on. Between select.c and select_quality.c. */
#ifndef ASSAY_EXPERIMENT_SELECTOR_H
#define ASSAY_EXPERIMENT_SELECTOR_H

#include "experiment/state.h"

struct selector {
    struct run *run;
    struct net *net;
    struct input_set *set;
    uint32_t wanted, quota, *per_class; /* per_class: how many are taken */
    uint32_t *order, *predicted, known; /* candidates, and the predictions of the first `known` */
    float *logits;                      /* of one batch */
    float *kept;                        /* [known][outputs] where the data have targets: what there is of the logits */
    enum task task;
    uint32_t unfit;    /* candidates passed over: none of their labels is there */
    uint64_t *hash;    /* [wanted] of the inputs taken */
    double *output;    /* [wanted] the network's number of the output explained; NaN of classes */
    uint32_t repeated; /* candidates passed over: an input taken has the same values */
    float *x;          /* the candidates predicted last: [first, first + count) of the order */
    uint32_t first, count;
    bool *taken;
    bool only_correct, by_label, fixed; /* fixed: the target is one class */
    size_t size;
};

/* The network's number of an output for a candidate that was predicted; NaN where the data have no targets. */
double selector_output(const struct selector *, uint32_t candidate, uint32_t output);
/* Of all that was read, the candidates passed over among it. */
struct quality selector_quality(const struct selector *);

#endif
