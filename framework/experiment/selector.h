/* selector.h: what choosing the inputs of a root works on. Between select.c, select_read.c and select_quality.c. */
#ifndef ASSAY_EXPERIMENT_SELECTOR_H
#define ASSAY_EXPERIMENT_SELECTOR_H

#include "experiment/state.h"

/* A sample in the order of reading. */
struct candidate {
    uint32_t predicted;
    uint32_t same; /* the first candidate read from the same bytes: itself, if no other */
    bool read;     /* it is known what the network says */
    bool dealt;    /* it is an input, or was passed over as a repetition of one */
    bool is_input;
};

/* Candidates by the hash of what they were read from. */
struct source_slot {
    uint64_t hash;
    uint32_t candidate; /* + 1; 0: free */
};

struct selector {
    struct run *run;
    struct net *net;
    struct input_set *set;
    uint32_t wanted, quota, *per_class; /* per_class: how many are taken */
    uint32_t *order;                    /* of all samples */
    struct candidate *candidate;        /* [candidates] those that were looked at, and some */
    uint32_t candidates;
    uint32_t known;   /* so many were read one behind the other, whatever they are: quality is that of these */
    bool has_classes; /* labels tell what inputs are spread over before anything is read */
    struct source_slot *slot;
    size_t slots, slots_taken;
    float *logits; /* of one batch */
    float *kept;   /* [known][outputs] where the data have targets: what there is of the logits */
    enum task task;
    uint32_t unfit;    /* candidates passed over: none of their labels is there */
    uint64_t *hash;    /* [wanted] of the inputs taken */
    double *output;    /* [wanted] the network's number of the output explained; NaN of classes */
    uint32_t repeated; /* candidates passed over: an input taken has the same values */
    float *x;          /* the candidates predicted last: [count], numbers in `batch` */
    uint32_t *batch, count;
    bool only_correct, by_label, fixed; /* fixed: the target is one class */
    size_t size;
};

/* So many are read one behind the other, and tell how good the network is. Behind them those of classes that have
 * enough inputs are left out: a class without a sample would have all others read in search of it. */
#define SELECTOR_READ_ALL 1000u

/* How many are read at once. */
uint32_t selector_batch(const struct selector *);
/* Room for what is known of candidate k. */
bool selector_reach(struct selector *, uint32_t k, struct error *);
/* Reads some candidates from k on, which was not read: far on in the order, and where labels tell classes, only those
 * that `open` says may still be wanted, k among them. */
bool selector_read(struct selector *, uint32_t k, bool (*open)(const struct selector *, uint32_t), struct error *);
/* The values of candidate k, from the last batch where they are there. */
bool selector_sample(const struct selector *, uint32_t k, float *out, struct error *);

/* The network's number of an output for a candidate that was predicted; NaN where the data have no targets. */
double selector_output(const struct selector *, uint32_t candidate, uint32_t output);
/* Of all that was read, the candidates passed over among it. */
struct quality selector_quality(const struct selector *);

#endif
