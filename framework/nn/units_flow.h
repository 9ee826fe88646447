/* units_flow.h: what units*.c share: groups of units, where they lie in values, and
 * which parameters follow them. */
#ifndef ASSAY_NN_UNITS_FLOW_H
#define ASSAY_NN_UNITS_FLOW_H

#include "nn/graph.h"

/* A set of the union-find: of units that share an order, or factors. */
struct unit_set {
    uint32_t parent, units;
    uint32_t origin, start; /* of an order: which units_new() it came of, and from which unit on */
    bool fixed;             /* of the root: it stays as it is */
};

/* Units of one origin that have to be told apart: those before `at`, and those from it on. */
struct cut {
    uint32_t origin, at;
};

/* A run of an axis: `units` times `block` neighbours. */
struct part {
    uint32_t order, factors; /* sets */
    uint32_t units, block;
};

/* The axis of a value that units lie along. */
struct flow {
    uint32_t axis;
    uint32_t first, count; /* of units->parts; count 0: nothing is known of it */
};

/* A parameter that follows units along one of its axes: element j is multiplied by out[j]^by_out and in[j]^by_in. */
struct follower {
    uint32_t value, axis;
    struct flow out, in;
    int by_out, by_in;
};

struct units {
    const struct graph *graph;
    struct unit_set *sets;
    size_t set_count;
    struct part *parts;
    size_t part_count;
    struct follower *followers;
    size_t follower_count;
    struct flow *flows; /* [value_count] */
    uint32_t *reads;    /* [value_count]: how often nodes read it */
    struct cut *cuts;
    size_t cut_count;
    uint32_t origins; /* how often units_new() was called */
    bool again;       /* there are cuts that the flows do not know yet */
    bool failed;      /* out of memory */
};

/* ---- sets (units.c) ---- */
/* Keeps the order and the factors, or the factors alone, of all parts of a flow as they are. */
void units_fix(struct units *, struct flow);
void units_fix_factors(struct units *, struct flow);
/* Both in one order, and with the same factors where `factors`. Where they are not cut alike both are fixed, and all is
 * found again with what one has cut cut in the other. */
void units_join(struct units *, struct flow, struct flow, bool factors);
/* Along an axis, new units of their own. */
struct flow units_new(struct units *, uint32_t axis, size_t count);
/* The same order with factors of its own. */
struct flow units_new_factors(struct units *, struct flow);
/* Appends a part. */
void units_add_part(struct units *, struct flow *, struct part);

/* Lets input `input` of a node follow along that axis. Where it is no parameter of that length, or another node reads
 * it, too, the flows are fixed. An input that is absent follows everything. */
void units_follow(struct units *, const struct node *, uint32_t input, const struct follower *);

/* ---- nodes ---- */
/* Finds the flow of the node's output, and what follows its inputs. Inputs of a node that is not known are fixed. */
void units_node(struct units *, const struct node *);
/* The same for Add, Mul and others of two inputs, and for Concat (units_pairs.c). */
void units_node_pair(struct units *, const struct node *);
void units_node_concat(struct units *, const struct node *);
/* Those that move or drop elements (units_move.c). */
void units_node_transpose(struct units *, const struct node *);
void units_node_reshape(struct units *, const struct node *);
void units_node_reduce(struct units *, const struct node *);
void units_node_slice(struct units *, const struct node *);
void units_node_pad(struct units *, const struct node *);
void units_node_gather(struct units *, const struct node *);
void units_node_resize(struct units *, const struct node *);
/* Whether units_node_pair knows it. */
bool units_is_pair(const char *op);

const struct shape *units_shape(const struct units *, const struct node *, uint32_t input);
/* Of input `input` of a node; none where it is absent or does not depend on the network's input. */
struct flow units_input(const struct units *, const struct node *, uint32_t input);
void units_output(struct units *, const struct node *, struct flow);
int64_t units_integer(const struct node *, const char *attribute, int64_t fallback);

#endif
