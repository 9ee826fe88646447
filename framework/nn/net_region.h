/* net_region.h: private to net_region*.c: what a group of samples has of each value where it differs from the base. */
#ifndef ASSAY_NN_NET_REGION_H
#define ASSAY_NN_NET_REGION_H

#include "nn/net_plan.h"
#include "nn/ops/window.h"

/* Axis 0 is vertical, 1 horizontal; the height of a sequence is 1. */
struct box {
    ptrdiff_t from[2], to[2]; /* [from, to); nothing where they are equal */
};

/* The part of a value's planes that is computed: as large for every sample, and maybe reaching over the far edges. What
 * lies there means nothing. */
struct patch {
    size_t size[2];
    ptrdiff_t at[NET_GROUP][2];
    struct box changed[NET_GROUP]; /* within the part, and all that can differ from the base */
};

/* What can be computed in parts, and the values of the base: a net and its mates have it together. */
struct regions {
    uint32_t *nodes, count;        /* the first ones that are run, in order */
    struct windows *windows;       /* [count]; of a node without windows, unit 0 */
    uint32_t *outs;                /* [count]: the value that is there after the node, of a fused Conv the last one */
    uint32_t end;                  /* the first node that cannot, or GRAPH_NONE */
    uint32_t *slots, input_counts; /* [value_count]: which patch, from 1 on; 0 none. The most inputs of a node */
    float **values;                /* [value_count]: of the base; NULL: not there */
    float *memory, *x;             /* of them, and the base itself */
    size_t floats;
    bool ready; /* there is a base, of these weights */
};

/* What one net works in. */
struct patches {
    struct patch *all;  /* by slot; 0 is the input's */
    struct operand *in; /* of one call */
    float *gathered, *scratch;
    size_t gathered_floats, scratch_floats, most; /* of both */
    bool failed;                                  /* there was too little memory once */
    uint64_t runs;                                /* nodes that were computed in parts so far */
};

static inline ptrdiff_t plane_size(const struct shape *s, int axis) {
    return (ptrdiff_t)window_size(s, axis);
}

/* ---- net_region_run.c ---- */
/* Runs node number `i` for the group, whose patches are laid out. False: there is too little memory. */
bool region_run(const struct net *, struct patches *, uint32_t i, const float *x);
/* Whole planes of the values that nodes from `next` on read. */
bool region_spread(const struct net *, struct patches *, uint32_t count, uint32_t next);

#endif
