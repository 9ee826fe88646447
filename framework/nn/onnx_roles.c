/* onnx_roles.c: the names of a file, each with its uses and its tensor. */
#include "nn/onnx_roles.h"

#include "base/array.h"
#include "base/name_table.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a name; bits. */
enum fact {
    USE_WEIGHT = 1,      /* a parameter whatever its size */
    USE_ELEMENTWISE = 2, /* a parameter unless it is one number */
    INITIALISER = 4      /* it is one */
};

/* What is known of a name, and the tensor of that name. */
struct role {
    unsigned facts;
    const Onnx__TensorProto *tensor;
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
    {"Concat", 255, USE_ELEMENTWISE},
    {"Add", 3, USE_ELEMENTWISE},
    {"Mul", 3, USE_ELEMENTWISE},
};

/* Operators that hand on elements of their first input as they are. */
static const char *const transparent[] = {"Reshape",   "Flatten", "Identity", "Squeeze", "Unsqueeze",
                                          "Transpose", "Expand",  "Cast",     "Gather",  "Slice"};

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

static bool mark_inputs(struct roles *roles, const Onnx__NodeProto *node) {
    const char *op = onnx_text(node->op_type);
    bool ok = true;
    for (size_t row = 0; row < sizeof uses / sizeof *uses; row++)
        for (size_t i = 0; i < node->n_input && i < 8 && strcmp(uses[row].op, op) == 0; i++)
            if (uses[row].inputs >> i & 1) ok &= mark(roles, onnx_text(node->input[i]), uses[row].facts);
    for (size_t i = 0; i < sizeof transparent / sizeof *transparent; i++)
        if (strcmp(transparent[i], op) == 0 && node->n_input && node->n_output) {
            unsigned facts = find(roles, onnx_text(node->output[0]))->facts;
            ok &= mark(roles, onnx_text(node->input[0]), facts & ~(unsigned)INITIALISER);
        }
    return ok;
}

static bool mark_constant(struct roles *roles, const Onnx__NodeProto *node) {
    if (strcmp(onnx_text(node->op_type), "Constant") != 0 || node->n_output != 1) return true;
    const Onnx__AttributeProto *value = onnx_find_attribute(node, "value");
    return !value || !value->t || mark_tensor(roles, onnx_text(node->output[0]), 0, value->t);
}

bool roles_create(const Onnx__GraphProto *graph, struct roles **out, struct error *e) {
    struct roles *roles = calloc(1, sizeof *roles);
    bool ok = roles != NULL;
    for (size_t i = 0; ok && i < graph->n_initializer; i++)
        ok = mark_tensor(roles, onnx_text(graph->initializer[i]->name), INITIALISER, graph->initializer[i]);
    for (size_t i = 0; ok && i < graph->n_node; i++) ok = mark_constant(roles, graph->node[i]);
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
    unsigned found = find(roles, name)->facts;
    return (found & USE_WEIGHT) || ((found & USE_ELEMENTWISE) && elements != 1);
}

bool roles_is_initialiser(const struct roles *roles, const char *name) {
    return find(roles, name)->facts & INITIALISER;
}

const Onnx__TensorProto *roles_tensor(const struct roles *roles, const char *name) {
    return find(roles, name)->tensor;
}
