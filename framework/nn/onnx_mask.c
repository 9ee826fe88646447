/* onnx_mask.c: what keeps a query of an attention from a key, in the forms that exporters and optimisers write, as
 * numbers that are added to its scores. */
#include "nn/onnx_fused_make.h"

#include "nn/graph_build.h"

#include <math.h>
#include <string.h>

#define MOST_STEPS 64 /* from a mask to the tensor that tells its type or dimensions */

static bool among(const char *op, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(op, names[i]) == 0) return true;
    return false;
}

/* The node that makes the value, NULL where it is a tensor or not known yet. */
static const struct node *maker(const struct graph *g, uint32_t value) {
    return value == GRAPH_NONE || g->values[value].node == GRAPH_NONE ? NULL : &g->nodes[g->values[value].node];
}

static bool casts_to_truth(const struct node *n) {
    const struct attribute *to = node_attribute(n, "to");
    return strcmp(n->op->name, "Cast") == 0 && to && to->integer == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
}

/* Whether a value holds truths, by the tensor or node that it comes from: types are no concern of the graph. A wrong no
 * would be an error, not a wrong number: integers cannot be added to scores. */
static bool is_truth(const struct graph *g, uint32_t value) {
    static const char *const questions[] = {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And",
                                            "Or",    "Xor",  "Not",         "IsNaN",   "IsInf"};
    static const char *const moves[] = {"Identity", "Expand",    "Reshape", "Unsqueeze", "Squeeze",  "Slice",
                                        "Gather",   "Transpose", "Concat",  "Tile",      "GatherND", "Trilu"};
    for (int steps = 0; value != GRAPH_NONE && steps < MOST_STEPS; steps++) {
        const struct node *n = maker(g, value);
        if (!n) return g->values[value].ints != NULL;
        if (among(n->op->name, questions, sizeof questions / sizeof *questions) || casts_to_truth(n)) return true;
        const bool choice = strcmp(n->op->name, "Where") == 0;
        if (!choice && !among(n->op->name, moves, sizeof moves / sizeof *moves)) return false;
        value = n->input_count > choice ? n->inputs[choice] : GRAPH_NONE;
    }
    return false;
}

uint32_t fused_rank(const struct fused *f, const char *name) {
    static const char *const same[] = {"Identity", "Cast", "Not"};
    const struct graph *g = f->graph;
    uint32_t value = graph_find(g, name);
    for (int steps = 0; value != GRAPH_NONE && steps < MOST_STEPS; steps++) {
        const struct node *n = maker(g, value);
        if (!n) return g->values[value].data || g->values[value].ints ? g->values[value].shape.rank : 0;
        if (!among(n->op->name, same, sizeof same / sizeof *same) || n->input_count == 0) return 0;
        value = n->inputs[0];
    }
    return 0;
}

bool fused_mask_23(const struct fused *f, const char *mask, const char *out) {
    if (!is_truth(f->graph, graph_find(f->graph, mask))) return MAKE(f, "Identity", out, mask);
    return fused_add_number(f, ".open", 0) && fused_add_number(f, ".shut", -INFINITY) &&
           MAKE(f, "Where", out, mask, ".open", ".shut");
}

bool fused_mask_of_keys(const struct fused *f, const char *mask, const char *out) {
    static const struct attribute to_float[] = {
        {.name = "to", .kind = ATTRIBUTE_INT, .integer = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT}};
    static const int64_t axes[] = {1, 2};
    const uint32_t rank = fused_rank(f, mask);
    if (rank != 2 && rank != 3)
        return error_set(f->e,
                         "its mask '%s' has %s: wanted batch x keys or batch x queries x keys, known at load: take the "
                         "model from before the optimiser, where it is written out",
                         mask, rank ? "other dimensions" : "dimensions that are not known at load");
    return fused_add_ints(f, ".mask.axes", axes, rank == 2 ? 2 : 1) && fused_add_number(f, ".mask.all", 1) &&
           fused_add_number(f, ".mask.filter", fused_number(f, "mask_filter_value", -10000)) &&
           MAKE_WITH(f, "Cast", ".mask.float", to_float, mask) &&
           MAKE(f, "Sub", ".mask.left", ".mask.all", ".mask.float") &&
           MAKE(f, "Mul", ".mask.filtered", ".mask.left", ".mask.filter") &&
           MAKE(f, "Unsqueeze", out, ".mask.filtered", ".mask.axes");
}

bool fused_mask_causal(const struct fused *f, const char *scores, const char *out) {
    static const struct attribute last_two[] = {{.name = "start", .kind = ATTRIBUTE_INT, .integer = -2}};
    return fused_add_number(f, ".never", -INFINITY) && fused_add_index(f, ".next", 1) &&
           MAKE_WITH(f, "Shape", ".places", last_two, scores) && MAKE(f, "Expand", ".nowhere", ".never", ".places") &&
           MAKE(f, "Trilu", out, ".nowhere", ".next");
}
