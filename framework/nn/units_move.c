/* units_move.c: how units pass a node that moves or drops elements: their axis is another one behind it, or lies in a
 * larger one. */
#include "nn/units_flow.h"

#include <string.h>

static const struct shape *output_shape(const struct units *u, const struct node *node) {
    return &u->graph->values[node->outputs[0]].shape;
}

void units_node_transpose(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    const struct attribute *order = node_attribute(node, "perm");
    uint32_t rank = units_shape(u, node, 0)->rank, axis = rank - 1 - f.axis;
    for (uint32_t k = 0; order && k < order->count; k++)
        if (order->ints[k] == (int64_t)f.axis) axis = k;
    f.axis = axis;
    units_output(u, node, f);
}

#define MOST_COPIES 4096u

/* `copies` times the parts of f, each unit `times` as wide. */
static struct flow widened(struct units *u, struct flow f, uint32_t axis, size_t copies, size_t times) {
    struct flow out = {.axis = axis};
    for (size_t c = 0; c < copies; c++)
        for (uint32_t k = 0; k < f.count && !u->failed; k++) {
            struct part part = u->parts[f.first + k];
            part.block *= (uint32_t)times;
            units_add_part(u, &out, part);
        }
    return out;
}

/* Flatten, Reshape and their kin: the units' axis with dimensions behind it that it takes in (wider blocks) and
 * dimensions before it (copies). */
void units_node_reshape(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    const struct shape *from = units_shape(u, node, 0), *to = output_shape(u, node);
    if (!f.count) return;
    size_t length = from->dim[f.axis], behind = shape_count_from(from, f.axis) / length;
    for (uint32_t axis = 0; axis < to->rank; axis++) {
        size_t dim = to->dim[axis], after = shape_count_from(to, axis) / dim, times = behind / after;
        if (behind % after || dim % (length * times) || dim / (length * times) > MOST_COPIES) continue;
        bool same = times == 1 && dim == length;
        struct flow moved = {axis, f.first, f.count};
        units_output(u, node, same ? moved : widened(u, f, axis, dim / (length * times), times));
        return;
    }
    units_fix(u, f);
}

/* Whether constant integers of input `input` hold the axis; absent: `fallback`. */
static bool names_axis(const struct units *u, const struct node *node, uint32_t input, const struct attribute *given,
                       uint32_t axis, bool fallback) {
    const int64_t *ints = NULL;
    size_t count = 0;
    uint32_t rank = units_shape(u, node, 0)->rank;
    if (input < node->input_count && node->inputs[input] != GRAPH_NONE) {
        const struct value *v = &u->graph->values[node->inputs[input]];
        ints = v->ints;
        count = shape_count(&v->shape);
        if (!ints) return true; /* not known: as if it did */
    } else if (given) {
        ints = given->ints;
        count = given->count;
    } else {
        return fallback;
    }
    for (size_t k = 0; k < count; k++)
        if ((ints[k] < 0 ? ints[k] + (int64_t)rank : ints[k]) == (int64_t)axis) return true;
    return count == 0 && fallback;
}

/* Means and extremes: over the units they are the same in any order. */
void units_node_reduce(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    const struct attribute *axes = node_attribute(node, "axes");
    if (node->input_count > 1 && node->inputs[1] != GRAPH_NONE && !u->graph->values[node->inputs[1]].ints)
        units_fix(u, f);
    if (!f.count) return;
    if (names_axis(u, node, 1, axes, f.axis, true)) {
        units_fix_factors(u, f);
        return;
    }
    uint32_t before = 0;
    for (uint32_t axis = 0; axis < f.axis; axis++) before += names_axis(u, node, 1, axes, axis, true);
    if (!units_integer(node, "keepdims", 1)) f.axis -= before;
    units_output(u, node, f);
}

void units_node_slice(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    bool known = node->input_count > 3 || node_attribute(node, "axes");
    if (!f.count || !known || names_axis(u, node, 3, node_attribute(node, "axes"), f.axis, true)) units_fix(u, f);
    else units_output(u, node, f);
}

static void append(struct units *u, struct flow *out, struct flow f) {
    for (uint32_t k = 0; k < f.count && !u->failed; k++) units_add_part(u, out, u->parts[f.first + k]);
}

/* Zeros beside the units, or among the positions of each. */
void units_node_pad(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0), out;
    const struct attribute *mode = node_attribute(node, "mode");
    const struct value *pads = node->input_count > 1 ? &u->graph->values[node->inputs[1]] : NULL;
    bool constant = !mode || !mode->text || strcmp(mode->text, "constant") == 0, zero = true;
    uint32_t rank = units_shape(u, node, 0)->rank;
    if (node->input_count > 2 && node->inputs[2] != GRAPH_NONE) {
        const float *fill = u->graph->values[node->inputs[2]].data;
        zero = fill && !(fill[0] < 0) && !(fill[0] > 0);
    }
    bool listed = pads && pads->ints && shape_count(&pads->shape) == 2 * (size_t)rank && node->input_count < 4;
    if (!f.count || !constant || !listed) {
        units_fix(u, f);
        return;
    }
    if (!zero) units_fix_factors(u, f);
    int64_t before = pads->ints[f.axis], after = pads->ints[rank + f.axis];
    if (before < 0 || after < 0) {
        units_fix(u, f);
        return;
    }
    out = f;
    if (before || after) {
        struct flow sides[2] = {units_new(u, f.axis, (size_t)before), units_new(u, f.axis, (size_t)after)};
        out = (struct flow){.axis = f.axis};
        if (!zero) units_fix_factors(u, sides[0]);
        if (!zero) units_fix_factors(u, sides[1]);
        append(u, &out, sides[0]);
        append(u, &out, f);
        append(u, &out, sides[1]);
    }
    units_output(u, node, out);
}

/* One element of another axis, which goes. */
void units_node_gather(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    int64_t axis = units_integer(node, "axis", 0), rank = units_shape(u, node, 0)->rank;
    uint32_t taken = units_shape(u, node, 1)->rank;
    if (axis < 0) axis += rank;
    if (!f.count || axis == (int64_t)f.axis || u->graph->values[node->inputs[1]].batched) {
        units_fix(u, f);
        return;
    }
    if (axis < (int64_t)f.axis) f.axis = f.axis + taken - 1;
    units_output(u, node, f);
}

/* Interpolates along other axes. */
void units_node_resize(struct units *u, const struct node *node) {
    struct flow f = units_input(u, node, 0);
    if (f.count && output_shape(u, node)->dim[f.axis] == units_shape(u, node, 0)->dim[f.axis]) units_output(u, node, f);
    else units_fix(u, f);
}
