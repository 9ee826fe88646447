/* units_pairs.c: how units pass a node that joins several values: Add, Mul and others, element by element, and
 * Concat. */
#include "nn/op.h"
#include "nn/units_flow.h"

#include <string.h>

enum effect {
    SUMS,    /* a + b: factors pass where both have the same */
    LIMITS,  /* max(a, b): the same */
    SCALES,  /* a * b: a factor of one passes where the other has none */
    DIVIDES, /* a / b: a factor of a passes where b has none */
    OTHER    /* the order passes, and nothing else */
};

static const struct {
    const char *op;
    enum effect effect;
} pairs[] = {{"Add", SUMS},   {"Sub", SUMS},    {"Max", LIMITS}, {"Min", LIMITS},
             {"Mul", SCALES}, {"Div", DIVIDES}, {"Pow", OTHER}};

bool units_is_pair(const char *op) {
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        if (strcmp(pairs[k].op, op) == 0) return true;
    return false;
}

static enum effect effect_of(const char *op) {
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        if (strcmp(pairs[k].op, op) == 0) return pairs[k].effect;
    return OTHER;
}

/* The axis of the output that an axis of an input is: shapes are aligned at their ends. */
static uint32_t aligned(const struct units *u, const struct node *node, uint32_t input, uint32_t axis) {
    return axis + u->graph->values[node->outputs[0]].shape.rank - units_shape(u, node, input)->rank;
}

/* Whether the input has one element along that axis of the output, or none of its own. */
static bool is_broadcast(const struct units *u, const struct node *node, uint32_t input, uint32_t axis) {
    const struct shape *s = units_shape(u, node, input);
    uint32_t rank = u->graph->values[node->outputs[0]].shape.rank;
    return s->rank < rank - axis || s->dim[axis - (rank - s->rank)] == 1;
}

static bool is_batched(const struct units *u, const struct node *node, uint32_t input) {
    return u->graph->values[node->inputs[input]].batched;
}

/* Another value that depends on the network's input beside `f`. */
static void join_value(struct units *u, const struct node *node, uint32_t other, struct flow f, enum effect effect) {
    struct flow g = units_input(u, node, other);
    bool single = is_broadcast(u, node, other, f.axis);
    if (g.count) g.axis = aligned(u, node, other, g.axis);
    if (single) { /* of one channel for all: its own units, if any, lie along another axis or are one */
        units_fix(u, g);
        if (effect != SCALES && effect != DIVIDES) units_fix_factors(u, f);
    } else if (!g.count || g.axis != f.axis) {
        units_fix(u, f);
        units_fix(u, g);
    } else {
        units_join(u, f, g, effect == SUMS || effect == LIMITS);
        if (effect != SUMS && effect != LIMITS) {
            units_fix_factors(u, f);
            units_fix_factors(u, g);
        }
    }
}

/* A parameter or constant beside `f`. */
static void join_number(struct units *u, const struct node *node, uint32_t other, struct flow f, enum effect effect) {
    bool passes = effect == SCALES || (effect == DIVIDES && other == 1);
    const struct shape *s = units_shape(u, node, other);
    uint32_t rank = u->graph->values[node->outputs[0]].shape.rank;
    if (is_broadcast(u, node, other, f.axis)) {
        if (!passes) units_fix_factors(u, f);
        return;
    }
    if (!passes && effect != SUMS) units_fix_factors(u, f);
    units_follow(u, node, other,
                 &(struct follower){.axis = f.axis - (rank - s->rank), .out = f, .by_out = effect == SUMS});
}

void units_node_pair(struct units *u, const struct node *node) {
    enum effect effect = effect_of(node->op->name);
    uint32_t first = GRAPH_NONE;
    for (uint32_t k = 0; k < node->input_count; k++) {
        struct flow f = units_input(u, node, k);
        bool widest = f.count && !is_broadcast(u, node, k, aligned(u, node, k, f.axis));
        if (widest && first == GRAPH_NONE) first = k;
    }
    if (first == GRAPH_NONE) {
        for (uint32_t k = 0; k < node->input_count; k++) units_fix(u, units_input(u, node, k));
        return;
    }
    struct flow f = units_input(u, node, first);
    f.axis = aligned(u, node, first, f.axis);
    for (uint32_t k = 0; k < node->input_count; k++)
        if (k != first && is_batched(u, node, k)) join_value(u, node, k, f, effect);
        else if (k != first) join_number(u, node, k, f, effect);
    units_output(u, node, f);
}

/* Side by side along their units' axis. */
static void line_up(struct units *u, const struct node *node, uint32_t axis) {
    struct flow out = {.axis = axis};
    for (uint32_t k = 0; k < node->input_count && !u->failed; k++) {
        struct flow f = units_input(u, node, k);
        if (!f.count) {
            f = units_new(u, axis, units_shape(u, node, k)->dim[axis]);
            units_fix(u, f);
        }
        for (uint32_t p = 0; p < f.count && !u->failed; p++) units_add_part(u, &out, u->parts[f.first + p]);
    }
    units_output(u, node, out);
}

/* One behind the other along another axis: the same units in all. */
static void stack(struct units *u, const struct node *node, uint32_t first) {
    struct flow f = units_input(u, node, first);
    for (uint32_t k = 0; k < node->input_count; k++)
        if (k != first && is_batched(u, node, k)) join_value(u, node, k, f, SUMS);
        else if (k != first) units_follow(u, node, k, &(struct follower){.axis = f.axis, .out = f, .by_out = 1});
    units_output(u, node, f);
}

void units_node_concat(struct units *u, const struct node *node) {
    uint32_t rank = units_shape(u, node, 0)->rank, first = GRAPH_NONE;
    int64_t given = units_integer(node, "axis", 0);
    uint32_t axis = (uint32_t)(given < 0 ? given + (int64_t)rank : given);
    bool along = true;
    for (uint32_t k = 0; k < node->input_count; k++) {
        struct flow f = units_input(u, node, k);
        if (f.count && first == GRAPH_NONE) first = k;
        along = along && (!f.count || f.axis == axis);
    }
    if (first == GRAPH_NONE) return;
    if (along) line_up(u, node, axis);
    else if (units_input(u, node, first).axis != axis) stack(u, node, first);
    else
        for (uint32_t k = 0; k < node->input_count; k++) units_fix(u, units_input(u, node, k));
}
