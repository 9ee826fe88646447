/* net_plan.h: private to net*.c. A net knows what it runs; a plan holds the memory for a number of samples. */
#ifndef ASSAY_NN_NET_PLAN_H
#define ASSAY_NN_NET_PLAN_H

#include "nn/net_options.h"
#include "nn/op.h"
#include "nn/ops/conv.h"
#include "nn/weights.h"

/* What is kept of the forward pass: nothing; what the gradient of the input needs; all that training needs; every value
 * at inference, for rules of propagation. Of the last two nothing is fused. */
enum plan_kind { PLAN_FORWARD, PLAN_GRADIENT, PLAN_TRAINING, PLAN_KEPT };

/* Where the arrays of one call lie besides its values. */
struct call_arrays {
    float *saved, *mask;
    float *forward, *backward; /* scratch for either way */
};

/* Everything to run up to `capacity` samples at once. In training normalisation goes by the statistics of the batch. */
struct plan {
    enum plan_kind kind;
    uint32_t capacity, batch;   /* of the current shapes */
    unsigned workers;           /* the largest team there is scratch for */
    bool plain;                 /* no chain is run as one function: every node's value is there */
    uint32_t split;             /* the node whose output is asked for, or GRAPH_NONE: it is computed by itself */
    struct shape *shapes;       /* [value_count] for `batch` */
    struct op_call *calls;      /* [node_count] */
    struct call_arrays *arrays; /* [node_count] */
    struct operand *operands;   /* of all calls */
    float **data;               /* [value_count]; of the input: the caller's */
    float **gradient;           /* [value_count]; of the input: the caller's, or NULL */
    float **spare;              /* [value_count]: for one that several nodes read, what the next of them adds */
    uint32_t *sources;          /* [value_count]: the value whose array it takes over, or GRAPH_NONE */
    bool *passes;               /* [value_count]: ... and so does the gradient, unchanged, on the way back */
    bool *written;              /* [value_count]: the gradient has arrived */
    float *memory;              /* of `floats` */
    size_t floats;
};

/* A Conv that also does the work of the BatchNormalization and the Relu that follow it and alone read it: they share
 * one array. Without followers, how the Conv itself is run. */
struct fusion {
    uint32_t conv, norm, relu; /* nodes; GRAPH_NONE: none */
    uint32_t last;             /* of the three */
    struct conv_fused how;
};

/* Nodes that together are one function of one value, which runs in place of the last of them. */
#define CHAIN_MOST 4
struct chain {
    uint32_t nodes[CHAIN_MOST + 1], count; /* those that do not run */
    uint32_t last, value;
    struct node node; /* the function: its name and output are those of the last */
};

struct net {
    const struct weights *weights;
    const struct graph *graph;
    size_t memory; /* floats that a plan of inference may take when it could also do with fewer samples at a time */
    uint32_t *steps, step_count; /* the nodes the output needs, in order */
    uint32_t *readers;           /* [value_count]: steps that read it; one more for the output */
    bool *shared;                /* [value_count]: lives in the memory of the value it reshapes */
    bool *learns;                /* [value_count]: a parameter lies between the input and it */
    /* [node_count]: a Relu that only a MaxPool reads. The largest of what is rectified is the largest, rectified: in
     * training the MaxPool does both, of fewer elements, and the Relu's value and gradient are those before it. */
    bool *late;
    uint32_t *pool_of;      /* [node_count]: the MaxPool that a Conv, or a Relu behind it, is run with, or GRAPH_NONE */
    bool widened;           /* net_widen: it is trained */
    struct fusion *fusions; /* of `fusion_count` Convs */
    uint32_t fusion_count;
    uint32_t *fusion_of;  /* [node_count]: index + 1 of the fusion the node is part of, or 0 */
    struct chain *chains; /* of `chain_count` */
    uint32_t chain_count;
    uint32_t *chain_of;       /* [node_count]: index + 1 of the chain the node is part of, or 0 */
    bool plain;               /* what is asked for now wants a plan without chains */
    bool has_statistics;      /* in training samples of a batch depend on each other */
    struct thread_team *team; /* who computes, or NULL: the caller alone */
    uint32_t most;            /* samples worked through together, when memory allows */
    uint32_t cut;             /* between input and this value everything is linear */
    struct plan *group;       /* of inference: up to NET_GROUP samples, fewer where they are large */
    struct plan *training;    /* NET_GROUP samples or, when has_statistics, the whole batch */
    struct plan *kept[2];     /* of net_propagate: for the samples and for their references; NULL until then */
    struct node_roles *roles; /* of net_propagate; NULL until then */
    float **learned;          /* [value_count]: gradients of parameters */
    float *learned_memory;
    bool *learned_fresh; /* [value_count]: nothing has been added to it yet */
    size_t learned_count;
    float *total;            /* of net_gradient_sum: the sum of gradients at `cut` ... */
    float *inputs;           /* ... and, when that is the input, those of one group */
    float *ends;             /* of net_line_begin: the value `cut` at both ends of the line; of a mate: the net's ... */
    float *points;           /* ... and, when that is the input, the points of one group */
    struct stems *stems;     /* what passes begin with: net_stem.c; or NULL */
    struct regions *regions; /* the base of forward passes, and what is computed in parts: net_region.c; or NULL */
    struct patches *patches; /* what the net works in there, or NULL */
    struct net **mates;      /* [mate_count] that were asked for */
    unsigned mate_count;
    bool brief_mates;
};

/* Whether every value stays until the way back is over. */
static inline bool plan_keeps(const struct plan *plan) {
    return plan->kind == PLAN_TRAINING || plan->kind == PLAN_KEPT;
}

static inline bool plan_late(const struct net *net, const struct plan *plan, uint32_t node) {
    return plan->kind == PLAN_TRAINING && net->late[node];
}

static inline uint32_t group_size(const struct net *net) {
    return net->graph->single ? 1 : net->most;
}

/* ---- net.c ---- */
/* net->group is a plan for at least that much, and for the team. */
bool net_prepare(struct net *, enum plan_kind, struct error *);
/* Shapes for the samples from `first` of `n` on that one group takes. */
bool net_take_group(struct net *, uint32_t n, uint32_t first, struct error *);
bool net_check_targets(const struct net *, uint32_t n, const uint32_t *targets, struct error *);

/* ---- net_sum.c ---- */
/* net->group is a plan for sums, and there is room for what they add up. */
bool sum_prepare(struct net *, struct error *);

/* ---- net_mate.c ---- */
void mates_destroy(struct net *);

/* ---- net_stem.c: stems, which a net and its mates have together (NULL: none are kept) ---- */
void stems_destroy(struct stems *);
/* The layer is another than it was when stems were asked for; or is that one again. */
void stems_note(struct stems *, uint32_t layer, bool changed);
/* As run_forward of net->group from the first step to `last`, for the same bits; but node `own` is computed here, and
 * all behind it. GRAPH_NONE: none need be. */
void stem_forward(const struct net *, const float *x, uint32_t own, uint32_t last);

/* ---- net_region.c: a net and its mates have regions together (NULL: none), and each patches of its own ---- */
void regions_destroy(struct regions *);
/* Bytes that they take besides a group. */
size_t regions_size(const struct net *, const struct plan *group);
/* The weights are about to change. */
void regions_forget(struct regions *);
void patches_destroy(struct patches *);
/* Runs the first steps of a forward pass of net->group in parts, for the same bits. Where the pass goes on. */
uint32_t regions_forward(struct net *, const float *x);

/* ---- net_plan.c ---- */
/* Of up to `capacity` samples; of inference, of as many as net->memory holds, and at least one. */
bool plan_create(const struct net *, enum plan_kind, uint32_t capacity, struct plan **out, struct error *);
/* The same for a team of `workers`, without its memory: nothing can be run in it. */
bool plan_measure(const struct net *, enum plan_kind, uint32_t capacity, unsigned workers, struct plan **out,
                  struct error *);
void plan_destroy(struct plan *);
/* Shapes for `batch` <= capacity samples. */
bool plan_resize(const struct net *, struct plan *, uint32_t batch, struct error *);

/* ---- net_loss.c ---- */
/* Of a training batch of n, how many samples go through the network at once; `learned`: the number of its parameters.
 */
uint32_t plan_training_samples(const struct net *, size_t learned, uint32_t n);

/* ---- net_memory.c ---- */
/* Finds how many floats the plan takes at its current shapes and, unless `memory` is NULL, sets all its pointers. */
bool memory_lay_out(const struct net *, struct plan *, size_t *floats, float *memory, struct error *);

/* An array that has something before a node is run, which is needed from then on. */
struct alive {
    float *data;
    size_t count;
    uint32_t array,
        written; /* which array it is, and the node that wrote to it last: the same in every plan of a kind */
};
/* All of them, of the current shapes, to be freed; NULL: out of memory. */
struct alive *memory_alive(const struct net *, struct plan *, uint32_t node, uint32_t *count);

/* ---- net_fuse.c ---- */
bool fuse_create(struct net *, enum conv_route, struct error *);
void fuse_destroy(struct net *);
/* Folds weights where that has not been done. */
bool fuse_prepare(struct net *, struct error *);
/* Bytes of all weights when they are folded. */
size_t fuse_size(const struct net *);
/* The weights are about to change; those of one layer did. */
void fuse_forget(struct net *);
void fuse_forget_layer(struct net *, const struct layer *);
/* The fusion that runs the node in this plan, or NULL when the node runs by itself. */
const struct fusion *fuse_find(const struct net *, const struct plan *, uint32_t node);

/* ---- net_chain.c ---- */
bool chain_create(struct net *, struct error *);
void chain_destroy(struct net *);
/* What the plan runs for a step: the node, or the function of the chain that ends there. */
const struct node *plan_node(const struct net *, const struct plan *, uint32_t node);
/* Whether it runs as part of another. */
bool plan_skips(const struct net *, const struct plan *, uint32_t node);
/* Whether only a plain plan has its value. */
bool chain_hides(const struct net *, uint32_t node);

/* ---- net_run.c ---- */
/* The operands' memory: parameters may have moved, the input is the caller's. */
void run_bind(const struct net *, struct plan *, const float *x);
/* Runs the steps from node `first` up to and including node `last` (GRAPH_NONE: all). */
void run_forward(const struct net *, struct plan *, const float *x, uint32_t first, uint32_t last);

struct backward_options {
    enum net_rule rule;
    uint32_t stop;         /* value at which to stop: its gradient is complete, nothing below is computed */
    float *input;          /* where the input's gradient goes; NULL: not wanted */
    float *const *learned; /* gradients of parameters are added here, and no others are wanted; or NULL */
    bool *fresh;           /* [value_count], with `learned`: those that hold nothing yet */
};
/* From the gradient at value `from`, which the caller has put into plan->gradient[from]. */
void run_backward(const struct net *, struct plan *, uint32_t from, const struct backward_options *);
/* The gradient of parameter input `k` of a call, added to what others that read it have left there, if it learns. */
void run_learn(struct plan *, struct op_call *, uint32_t k, const struct backward_options *);
/* gradient of the output: factors[i] (1 when NULL) at targets[i], else 0. */
void seed_targets(const struct net *, struct plan *, const uint32_t *targets, const float *factors);

#endif
