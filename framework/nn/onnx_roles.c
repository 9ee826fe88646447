#include "nn/onnx_roles.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a name; bits. */
enum fact {
    USE_WEIGHT = 1,      /* a parameter whatever its size */
    USE_ELEMENTWISE = 2, /* a parameter unless it is one number */
    INITIALISER = 4      /* it is one */
};

/* A hash table with open addressing; names are borrowed from the file. */
struct slot {
    const char *name;
    unsigned facts;
};

struct roles {
    struct slot *slots;
    size_t mask; /* the number of slots, a power of two, less one */
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

static struct slot *slot_of(const struct roles *roles, const char *name) {
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *c = name; *c; c++) h = (h ^ (unsigned char)*c) * 0x100000001b3u;
    size_t i = (size_t)h & roles->mask;
    while (roles->slots[i].name && strcmp(roles->slots[i].name, name) != 0) i = (i + 1) & roles->mask;
    return &roles->slots[i];
}

static void mark(struct roles *roles, const char *name, unsigned facts) {
    struct slot *slot = slot_of(roles, name);
    slot->name = name;
    slot->facts |= facts;
}

static void mark_inputs(struct roles *roles, const Onnx__NodeProto *node) {
    const char *op = onnx_text(node->op_type);
    for (size_t row = 0; row < sizeof uses / sizeof *uses; row++)
        for (size_t i = 0; i < node->n_input && i < 8 && strcmp(uses[row].op, op) == 0; i++)
            if (uses[row].inputs >> i & 1) mark(roles, onnx_text(node->input[i]), uses[row].facts);
    for (size_t i = 0; i < sizeof transparent / sizeof *transparent; i++)
        if (strcmp(transparent[i], op) == 0 && node->n_input && node->n_output) {
            unsigned facts = slot_of(roles, onnx_text(node->output[0]))->facts;
            mark(roles, onnx_text(node->input[0]), facts & ~(unsigned)INITIALISER);
        }
}

bool roles_create(const Onnx__GraphProto *graph, struct roles **out, struct error *e) {
    size_t names = graph->n_initializer, slots = 16;
    for (size_t i = 0; i < graph->n_node; i++) names += graph->node[i]->n_input < 8 ? graph->node[i]->n_input : 8;
    while (slots < 2 * names) /* names are in memory already: no overflow */
        slots *= 2;
    struct roles *roles = calloc(1, sizeof *roles);
    if (roles) roles->slots = calloc(slots, sizeof *roles->slots);
    if (!roles || !roles->slots) {
        roles_destroy(roles);
        return error_memory(e);
    }
    roles->mask = slots - 1;
    for (size_t i = 0; i < graph->n_initializer; i++) mark(roles, onnx_text(graph->initializer[i]->name), INITIALISER);
    /* Nodes come in topological order: from the back, what a Reshape hands on is known before the Reshape. */
    for (size_t i = graph->n_node; i-- > 0;) mark_inputs(roles, graph->node[i]);
    *out = roles;
    return true;
}

void roles_destroy(struct roles *roles) {
    if (!roles) return;
    free(roles->slots);
    free(roles);
}

bool roles_is_parameter(const struct roles *roles, const char *name, size_t elements) {
    unsigned found = slot_of(roles, name)->facts;
    return (found & USE_WEIGHT) || ((found & USE_ELEMENTWISE) && elements != 1);
}

bool roles_is_initialiser(const struct roles *roles, const char *name) {
    return slot_of(roles, name)->facts & INITIALISER;
}
