/* onnx_legacy.c: nodes of every operator set, rewritten to mean the same in set 20, or refused. A network in memory is
 * always of set 20, so writing one needs no memory of where it came from. Changes between the sets are listed in ONNX's
 * docs/Changelog.md. */
#include "nn/graph.h"
#include "nn/onnx_proto.h"
#include "nn/onnx_roles.h"

#include "base/name_table.h"

#include <string.h>

bool onnx_is_softmax(const char *op) {
    return strcmp(op, "Softmax") == 0 || strcmp(op, "LogSoftmax") == 0;
}

/* Attributes that set 20 does not have. They may be left out where they change nothing (any value, or the one wanted),
 * and are refused otherwise. */
static const struct gone {
    const char *op; /* NULL: any */
    const char *attribute;
    bool any;
    int64_t wanted;
} gone[] = {
    {NULL, "consumed_inputs", true, 0},          /* set 1: a hint about memory */
    {"Dropout", "ratio", true, 0},               /* before set 12; no matter outside training */
    {"Dropout", "seed", true, 0},                /* from set 12; the same */
    {"Dropout", "is_test", true, 0},             /* before set 7; the same */
    {"BatchNormalization", "is_test", false, 1}, /* before set 7 */
    {"BatchNormalization", "spatial", false, 1}, /* before set 9 */
    {"Gemm", "broadcast", true, 0},              /* before set 7; shapes that do not fit are found anyway */
    {"Add", "broadcast", true, 0},
    {"Mul", "broadcast", true, 0},
    {"Sub", "broadcast", true, 0},
    {"Div", "broadcast", true, 0},
    {"Pow", "broadcast", true, 0},
    {"Add", "axis", true, 0}, /* before set 7; see onnx_shapes_check */
    {"Mul", "axis", true, 0},
    {"Sub", "axis", true, 0},
    {"Div", "axis", true, 0},
    {"Pow", "axis", true, 0},
    {"LayerNormalization", "stash_type", true, 0}, /* a hint about precision */
    {"GroupNormalization", "stash_type", true, 0},
};

static bool holds_only(const Onnx__AttributeProto *a, int64_t wanted) {
    for (size_t i = 0; i < a->n_ints; i++)
        if (a->ints[i] != wanted) return false;
    return a->n_ints ? true : a->i == wanted;
}

enum onnx_attribute_fate onnx_attribute_fate(const Onnx__NodeProto *node, const Onnx__AttributeProto *attribute,
                                             struct error *e) {
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        const struct gone *g = &gone[i];
        if (strcmp(g->attribute, onnx_text(attribute->name)) != 0 ||
            (g->op && strcmp(g->op, onnx_text(node->op_type)) != 0))
            continue;
        if (g->any || holds_only(attribute, g->wanted)) return ONNX_DROP;
        error_set(e, "attribute '%s' is %lld: only %lld is supported", g->attribute, (long long)attribute->i,
                  (long long)g->wanted);
        return ONNX_REFUSE;
    }
    return ONNX_KEEP;
}

/* Input 2 of Dropout, from set 12 on. */
static bool dropout_check(const struct roles *roles, const Onnx__NodeProto *node, struct error *e) {
    if (node->n_input < 3 || !*onnx_text(node->input[2])) return true;
    const Onnx__TensorProto *mode = roles_tensor(roles, node->input[2]);
    struct onnx_array array = {.floats = NULL};
    bool off = mode && onnx_array_read(mode, &array, NULL) && array.ints && shape_count(&array.shape) == 1 &&
               array.ints[0] == 0;
    onnx_array_finish(&array);
    if (!off)
        return error_set(e, "training mode is not a constant false: export the model for inference "
                            "(model.eval())");
    return true;
}

/* Before set 14 the training form had five outputs (in sets 9 to 13 the last four are of the batch), before set 7 no
 * is_test; from set 14 on it is an attribute. */
bool onnx_is_training_form(const Onnx__NodeProto *node, int64_t opset) {
    const Onnx__AttributeProto *test = onnx_find_attribute(node, "is_test");
    bool training = opset < 7 && !test;
    if (strcmp(onnx_text(node->op_type), "BatchNormalization") != 0 || opset >= 14 || (test && test->i)) return false;
    for (size_t i = 1; i < node->n_output; i++) training |= *onnx_text(node->output[i]) != 0;
    return training;
}

bool onnx_node_check(const struct roles *roles, const Onnx__NodeProto *node, struct error *e) {
    const char *op = onnx_text(node->op_type);
    const char *domain = onnx_text(node->domain);
    /* An optimiser of onnxruntime writes its LayerNormalization in its own domain. */
    bool same = strcmp(domain, "com.microsoft") == 0 && strcmp(op, "LayerNormalization") == 0;
    if (*domain && strcmp(domain, "ai.onnx") != 0 && !same)
        return error_set(e, "operator of domain '%s' is not supported: wanted one of ONNX's own", domain);
    if (strcmp(op, "Dropout") == 0) return dropout_check(roles, node, e);
    return true;
}

/* The values of a finished graph by their names. */
struct named {
    const struct graph *graph;
    struct name_table indices; /* + 1 */
};

static bool name_values(struct named *named, struct error *e) {
    for (uint32_t i = 0; i < named->graph->value_count; i++) {
        uint32_t *index = name_table_at(&named->indices, named->graph->values[i].name);
        if (!index) return error_memory(e);
        *index = i + 1;
    }
    return true;
}

static const struct value *find_value(const struct named *named, const char *name) {
    const uint32_t *index = name_table_find(&named->indices, name);
    return index ? &named->graph->values[*index - 1] : NULL;
}

/* Before set 13 Softmax took all dimensions from `axis` on together, now it takes one: the same where the rest is 1. */
static bool softmax_check(const struct named *named, const Onnx__NodeProto *node, struct error *e) {
    const struct value *out = find_value(named, onnx_text(node->output[0]));
    const Onnx__AttributeProto *attribute = onnx_find_attribute(node, "axis");
    int64_t axis = attribute ? attribute->i : 1;
    if (!out) return true;
    if (axis < 0) axis += out->shape.rank;
    if (axis < 0 || axis >= out->shape.rank || shape_count_from(&out->shape, (uint32_t)axis + 1) == 1)
        return true; /* an axis out of range was refused before */
    return error_set(e, "it runs over several dimensions at once, as before operator set 13: wanted one; convert the "
                        "model to operator set 13");
}

/* Before set 7 the second operand of Add and its like was aligned at `axis`; now at the last dimension. */
static bool axis_check(const struct named *named, const Onnx__NodeProto *node, struct error *e) {
    const Onnx__AttributeProto *axis = onnx_find_attribute(node, "axis");
    if (!axis || node->n_input != 2) return true;
    const struct value *a = find_value(named, onnx_text(node->input[0]));
    const struct value *b = find_value(named, onnx_text(node->input[1]));
    if (!a || !b || axis->i + (int64_t)b->shape.rank == (int64_t)a->shape.rank || axis->i < 0) return true;
    return error_set(e,
                     "it aligns its second operand at dimension %lld, as before operator set 7: wanted the last; "
                     "convert the model to operator set 13",
                     (long long)axis->i);
}

static bool has_axis(const char *op) {
    static const char *const ops[] = {"Add", "Sub", "Mul", "Div", "Pow"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(ops[i], op) == 0) return true;
    return false;
}

bool onnx_shapes_check(const struct graph *graph, const Onnx__GraphProto *proto, int64_t opset, struct error *e) {
    struct named named = {.graph = graph};
    if (opset >= 13) return true;
    bool ok = name_values(&named, e);
    for (size_t i = 0; ok && i < proto->n_node; i++) {
        const Onnx__NodeProto *node = proto->node[i];
        const char *op = onnx_text(node->op_type);
        char text[200];
        if (onnx_is_softmax(op) && node->n_output) ok = softmax_check(&named, node, e);
        if (ok && opset < 7 && has_axis(op)) ok = axis_check(&named, node, e);
        if (!ok) error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    }
    name_table_finish(&named.indices);
    return ok;
}
