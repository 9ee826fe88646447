/* onnx_roles.c: the names of a file, each with its uses and its tensor. */
#include "nn/onnx_roles.h"

#include "base/array.h"
#include "base/name_table.h"
#include "nn/graph_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a name; bits. */
enum fact {
    USE_WEIGHT = 1,      /* a parameter whatever its size */
    USE_ELEMENTWISE = 2, /* a parameter unless it is one number */
    INITIALISER = 4,     /* it is one */
    USE_BIAS = 8         /* added to what a weight-bearing operator computes: a parameter unless it is one number */
};

/* What is known of a name, and the tensor of that name. */
struct role {
    unsigned facts;
    const Onnx__TensorProto *tensor;
    const Onnx__AttributeProto *list; /* value_float or value_floats of a Constant node, or NULL */
    const Onnx__NodeProto *maker;     /* the node that computes it, or NULL */
};

struct roles {
    struct name_table names; /* index + 1 into `all`; names are borrowed from the file */
    struct role *all;
    size_t count;
};

/* By operator and input, counted in bits: 1 is input 0. */
static const struct {
    const char *op;
    unsigned inputs, facts;
} uses[] = {
    {"Conv", 6, USE_WEIGHT},
    {"ConvTranspose", 6, USE_WEIGHT},
    {"Gemm", 7, USE_WEIGHT},
    {"MatMul", 3, USE_WEIGHT},
    {"Einsum", 3, USE_WEIGHT},
    {"BatchNormalization", 30, USE_WEIGHT},
    {"PRelu", 2, USE_WEIGHT},
    {"LayerNormalization", 6, USE_WEIGHT},
    {"InstanceNormalization", 6, USE_WEIGHT},
    {"GroupNormalization", 6, USE_WEIGHT},
    {"SimplifiedLayerNormalization", 2, USE_WEIGHT},
    {"RMSNormalization", 2, USE_WEIGHT},
    {"SkipLayerNormalization", 28, USE_WEIGHT},
    {"SkipSimplifiedLayerNormalization", 12, USE_WEIGHT},
    {"LSTM", 142, USE_WEIGHT},
    {"Attention", 6, USE_WEIGHT},
    {"MultiHeadAttention", 8, USE_WEIGHT},
    {"GRU", 14, USE_WEIGHT},
    {"RNN", 14, USE_WEIGHT},
    {"FusedConv", 6, USE_WEIGHT},
    {"FusedGemm", 6, USE_WEIGHT},
    {"FusedMatMul", 3, USE_WEIGHT},
    {"BiasGelu", 2, USE_WEIGHT},
    {"FastGelu", 2, USE_WEIGHT},
    {"Concat", 255, USE_ELEMENTWISE},
    {"Add", 3, USE_ELEMENTWISE},
    {"Mul", 3, USE_ELEMENTWISE},
};

/* Operators that hand on elements of their first input as they are. */
static bool is_transparent(const char *op) {
    static const char *const ops[] = {"Reshape",   "Flatten",        "Identity", "Squeeze", "Unsqueeze",
                                      "Transpose", "Expand",         "Cast",     "Gather",  "Slice",
                                      "CastLike",  "GatherElements", "GatherND"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(ops[i], op) == 0) return true;
    return false;
}

static const struct role *find(const struct roles *roles, const char *name) {
    static const struct role none = {0};
    const uint32_t *known = name_table_find(&roles->names, name);
    return known ? &roles->all[*known - 1] : &none;
}

/* NULL when out of memory. */
static struct role *role_at(struct roles *roles, const char *name) {
    uint32_t *known = name_table_at(&roles->names, name);
    if (!known) return NULL;
    if (*known == 0) {
        struct role *all = array_grow(roles->all, roles->count, sizeof *all);
        if (!all) return NULL;
        roles->all = all;
        all[roles->count++] = (struct role){0};
        *known = (uint32_t)roles->count;
    }
    return &roles->all[*known - 1];
}

static bool mark(struct roles *roles, const char *name, unsigned facts) {
    struct role *role = role_at(roles, name);
    if (role) role->facts |= facts;
    return role;
}

/* The first tensor of a name counts. */
static bool mark_tensor(struct roles *roles, const char *name, unsigned facts, const Onnx__TensorProto *tensor) {
    struct role *role = role_at(roles, name);
    if (!role) return false;
    role->facts |= facts;
    if (!role->tensor) role->tensor = tensor;
    return true;
}

static bool holds_only(const Onnx__TensorProto *tensor, float wanted) {
    struct onnx_array array;
    bool only = onnx_array_read(tensor, &array, NULL) && array.floats;
    for (size_t i = 0; only && i < shape_count(&array.shape); i++) only = fabsf(array.floats[i] - wanted) <= 0;
    onnx_array_finish(&array);
    return only;
}

static bool list_holds_only(const Onnx__AttributeProto *list, float wanted) {
    bool only = list->n_floats || fabsf(list->f - wanted) <= 0;
    for (size_t i = 0; only && i < list->n_floats; i++) only = fabsf(list->floats[i] - wanted) <= 0;
    return only;
}

/* Of the one number, and without a name that a module would have given it. */
static bool is_filler(const struct roles *roles, const char *name, float number) {
    const struct role *role = find(roles, name);
    bool named = (role->facts & INITIALISER) && !graph_name_is_numbered(name) && !strstr(name, "Constant");
    if (role->list) return list_holds_only(role->list, number);
    return role->tensor && !named && holds_only(role->tensor, number);
}

/* A normalisation that learns nothing: ONNX wants a scale and a shift, and the exporter makes ones and zeros. */
static bool learns_nothing(const struct roles *roles, const Onnx__NodeProto *node) {
    static const char *const ops[] = {"LayerNormalization", "InstanceNormalization", "GroupNormalization"};
    bool known = false;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) known |= strcmp(onnx_text(node->op_type), ops[i]) == 0;
    bool shifts = known && node->n_input > 2 && *onnx_text(node->input[2]);
    return known && node->n_input > 1 && is_filler(roles, onnx_text(node->input[1]), 1) &&
           (!shifts || is_filler(roles, onnx_text(node->input[2]), 0));
}

/* Whether the file holds the value, but for its shape. */
static bool is_stored(const struct roles *roles, const char *name) {
    for (unsigned steps = 0; steps < 4; steps++) {
        const struct role *role = find(roles, name);
        if (role->tensor || role->list || !role->maker || !role->maker->n_input) return role->tensor || role->list;
        if (!is_transparent(onnx_text(role->maker->op_type))) return false;
        name = onnx_text(role->maker->input[0]);
    }
    return false;
}

/* Whether an operator with a stored weight computes the value, but for its shape. */
static bool is_weighted(const struct roles *roles, const char *name) {
    static const char *const ops[] = {"Conv", "ConvTranspose", "Gemm", "MatMul"};
    const Onnx__NodeProto *node = find(roles, name)->maker;
    for (unsigned steps = 0; node && node->n_input && steps < 4; steps++) {
        for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
            if (strcmp(onnx_text(node->op_type), ops[i]) == 0)
                return node->n_input > 1 && is_stored(roles, onnx_text(node->input[1]));
        if (!is_transparent(onnx_text(node->op_type))) return false;
        node = find(roles, onnx_text(node->input[0]))->maker;
    }
    return false;
}

/* Whether the value is the network's input, but for its shape and for numbers that the file holds. */
static bool is_prepared_input(const struct roles *roles, const char *name) {
    static const char *const ops[] = {"Add", "Mul", "Sub", "Div"};
    for (unsigned steps = 0; steps < 8; steps++) {
        const struct role *role = find(roles, name);
        if (role->tensor || role->list || !role->maker) return !role->tensor && !role->list;
        const Onnx__NodeProto *node = role->maker;
        bool known = false, swapped = false;
        for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) known |= strcmp(onnx_text(node->op_type), ops[i]) == 0;
        if (known && node->n_input == 2) swapped = is_stored(roles, onnx_text(node->input[0]));
        known = known && node->n_input == 2 && (swapped || is_stored(roles, onnx_text(node->input[1])));
        if (!known && (!is_transparent(onnx_text(node->op_type)) || !node->n_input)) return false;
        name = onnx_text(node->input[swapped]);
    }
    return false;
}

/* Zeros added to the input, or ones that it is multiplied by: the normalisation of an input, as Keras has it in its
 * models, that was given no mean and no variance. */
static bool prepares_nothing(const struct roles *roles, const Onnx__NodeProto *node, size_t i) {
    bool add = strcmp(onnx_text(node->op_type), "Add") == 0, mul = strcmp(onnx_text(node->op_type), "Mul") == 0;
    const Onnx__TensorProto *tensor = find(roles, onnx_text(node->input[i]))->tensor;
    return (add || mul) && node->n_input == 2 && tensor && holds_only(tensor, mul ? 1 : 0) &&
           is_prepared_input(roles, onnx_text(node->input[1 - i]));
}

/* Zeros that an exporter numbered and that no weight-bearing operator is before: an attention mask that hides nothing.
 */
static bool is_empty_mask(const struct roles *roles, const Onnx__NodeProto *node, size_t i) {
    return strcmp(onnx_text(node->op_type), "Add") == 0 && node->n_input == 2 &&
           graph_name_is_numbered(onnx_text(node->input[i])) && is_filler(roles, onnx_text(node->input[i]), 0) &&
           !is_weighted(roles, onnx_text(node->input[1 - i]));
}

static bool mark_biases(struct roles *roles, const Onnx__NodeProto *node) {
    bool ok = true;
    for (size_t i = 0; i < 2 && node->n_input == 2 && strcmp(onnx_text(node->op_type), "Add") == 0; i++)
        if (is_weighted(roles, onnx_text(node->input[1 - i]))) ok &= mark(roles, onnx_text(node->input[i]), USE_BIAS);
    return ok;
}

static bool mark_inputs(struct roles *roles, const Onnx__NodeProto *node) {
    const char *op = onnx_text(node->op_type);
    if (learns_nothing(roles, node)) return true;
    bool ok = mark_biases(roles, node);
    for (size_t row = 0; row < sizeof uses / sizeof *uses; row++)
        for (size_t i = 0; i < node->n_input && i < 8 && strcmp(uses[row].op, op) == 0; i++)
            if ((uses[row].inputs >> i & 1) && !is_empty_mask(roles, node, i) && !prepares_nothing(roles, node, i))
                ok &= mark(roles, onnx_text(node->input[i]), uses[row].facts);
    if (is_transparent(op) && node->n_input && node->n_output) {
        unsigned facts = find(roles, onnx_text(node->output[0]))->facts;
        ok &= mark(roles, onnx_text(node->input[0]), facts & ~(unsigned)INITIALISER);
    }
    return ok;
}

static bool mark_constant(struct roles *roles, const Onnx__NodeProto *node) {
    if (strcmp(onnx_text(node->op_type), "Constant") != 0 || node->n_output != 1) return true;
    const Onnx__AttributeProto *value = onnx_find_attribute(node, "value"), *list = onnx_constant_list(node);
    struct role *role = list ? role_at(roles, onnx_text(node->output[0])) : NULL;
    if (list && !role) return false;
    if (role && !role->list) role->list = list;
    return !value || !value->t || mark_tensor(roles, onnx_text(node->output[0]), 0, value->t);
}

static bool note_maker(struct roles *roles, const Onnx__NodeProto *node) {
    struct role *role = node->n_output ? role_at(roles, onnx_text(node->output[0])) : NULL;
    if (role) role->maker = node;
    return role || !node->n_output;
}

bool roles_create(const Onnx__GraphProto *graph, struct roles **out, struct error *e) {
    struct roles *roles = calloc(1, sizeof *roles);
    bool ok = roles != NULL;
    for (size_t i = 0; ok && i < graph->n_initializer; i++)
        ok = mark_tensor(roles, onnx_text(graph->initializer[i]->name), INITIALISER, graph->initializer[i]);
    for (size_t i = 0; ok && i < graph->n_node; i++)
        ok = mark_constant(roles, graph->node[i]) && note_maker(roles, graph->node[i]);
    /* Nodes come in topological order: from the back, what a Reshape hands on is known before the Reshape. */
    for (size_t i = graph->n_node; ok && i-- > 0;) ok = mark_inputs(roles, graph->node[i]);
    if (!ok) {
        roles_destroy(roles);
        return error_memory(e);
    }
    *out = roles;
    return true;
}

void roles_destroy(struct roles *roles) {
    if (!roles) return;
    name_table_finish(&roles->names);
    free(roles->all);
    free(roles);
}

bool roles_is_parameter(const struct roles *roles, const char *name, size_t elements) {
    const struct role *role = find(roles, name);
    unsigned found = role->facts;
    if (role->tensor && strcmp(onnx_text(role->tensor->doc_string), ONNX_NO_PARAMETER) == 0) return false;
    unsigned unless_one = found & INITIALISER ? USE_ELEMENTWISE | USE_BIAS : USE_BIAS;
    return (found & USE_WEIGHT) || ((found & unless_one) && elements != 1);
}

bool roles_is_initialiser(const struct roles *roles, const char *name) {
    return find(roles, name)->facts & INITIALISER;
}

const Onnx__TensorProto *roles_tensor(const struct roles *roles, const char *name) {
    return find(roles, name)->tensor;
}
