/* onnx_branch.c: an If whose condition is known at load becomes the nodes of the branch that is taken. */
#include "nn/onnx_branch.h"

#include "base/array.h"
#include "base/name_table.h"
#include "base/text.h"
#include "nn/onnx_output.h"

#include <stdlib.h>
#include <string.h>

#define MOST_CONDITIONS 4096 /* each is computed from what is before it */

/* The names of a branch that have others in the graph. */
struct scope {
    const struct scope *outer; /* NULL: the graph itself */
    struct name_table names;   /* of a name: the index in inliner.renamed + 1 */
};

struct inliner {
    struct onnx_inlined *out;
    const struct onnx_asker *asker;
    struct name_table defined; /* all names of values so far */
    const char **renamed;
    size_t renamed_count, conditions;
    struct error *e;
};

bool onnx_is_branch(const Onnx__NodeProto *node) {
    return strcmp(onnx_text(node->op_type), "If") == 0;
}

/* ---- Memory: everything goes at the end ---- */

static void *own(struct inliner *in, void *memory) {
    void **owned = memory ? array_grow(in->out->owned, in->out->owned_count, sizeof *owned) : NULL;
    if (!owned) {
        free(memory);
        error_memory(in->e);
        return NULL;
    }
    in->out->owned = owned;
    return owned[in->out->owned_count++] = memory;
}

void onnx_inlined_finish(struct onnx_inlined *out) {
    for (size_t i = 0; i < out->owned_count; i++) free(out->owned[i]);
    free(out->owned);
    free(out->graph.node);
    free(out->graph.initializer);
    *out = (struct onnx_inlined){.owned = NULL};
}

static bool add_node(struct inliner *in, Onnx__NodeProto *node) {
    Onnx__NodeProto **nodes = array_grow(in->out->graph.node, in->out->graph.n_node, sizeof *nodes);
    if (!nodes) return error_memory(in->e);
    in->out->graph.node = nodes;
    nodes[in->out->graph.n_node++] = node;
    return true;
}

static bool add_tensor(struct inliner *in, Onnx__TensorProto *tensor) {
    Onnx__TensorProto **tensors = array_grow(in->out->graph.initializer, in->out->graph.n_initializer, sizeof *tensors);
    if (!tensors) return error_memory(in->e);
    in->out->graph.initializer = tensors;
    tensors[in->out->graph.n_initializer++] = tensor;
    return true;
}

/* ---- Names ---- */

static const char *look_up(const struct inliner *in, const struct scope *scope, const char *name) {
    for (; scope; scope = scope->outer) {
        const uint32_t *known = name_table_find(&scope->names, name);
        if (known) return in->renamed[*known - 1];
    }
    return name;
}

static bool define(struct inliner *in, const char *name) {
    return !*name || name_table_at(&in->defined, name) || error_memory(in->e);
}

/* From here on `name` of the scope's branch means `now`. */
static bool rename_to(struct inliner *in, struct scope *scope, const char *name, const char *now) {
    const char **renamed = array_grow(in->renamed, in->renamed_count, sizeof *renamed);
    if (!renamed) return error_memory(in->e);
    in->renamed = renamed;
    renamed[in->renamed_count++] = now;
    uint32_t *number = name_table_at(&scope->names, name);
    if (!number) return error_memory(in->e);
    *number = (uint32_t)in->renamed_count;
    return true;
}

/* A value that the branch defines keeps its name unless the graph has one of it. */
static bool define_inner(struct inliner *in, struct scope *scope, const char *name) {
    if (!*name || name_table_find(&scope->names, name)) return true;
    if (!name_table_find(&in->defined, name)) return define(in, name);
    char *now = NULL;
    for (size_t k = in->renamed_count; !now; k++) {
        now = own(in, text_format("%s.branch%zu", name, k));
        if (!now) return false;
        if (name_table_find(&in->defined, now)) now = NULL;
    }
    return define(in, now) && rename_to(in, scope, name, now);
}

/* ---- Nodes ---- */

static char **rename_all(struct inliner *in, const struct scope *scope, char *const *names, size_t count) {
    char **list = own(in, calloc(count + 1, sizeof *list));
    for (size_t i = 0; list && i < count; i++) list[i] = (char *)look_up(in, scope, onnx_text(names[i]));
    return list;
}

/* The node with the names that its values have in the graph. */
static Onnx__NodeProto *translate(struct inliner *in, const struct scope *scope, Onnx__NodeProto *node) {
    if (!scope) return node;
    Onnx__NodeProto *copy = own(in, malloc(sizeof *copy));
    if (!copy) return NULL;
    *copy = *node;
    copy->input = rename_all(in, scope, node->input, node->n_input);
    copy->output = rename_all(in, scope, node->output, node->n_output);
    return copy->input && copy->output ? copy : NULL;
}

static bool add_identity(struct inliner *in, const char *from, const char *to) {
    static char identity[] = "Identity";
    Onnx__NodeProto *node = own(in, malloc(sizeof *node));
    char **names = own(in, calloc(2, sizeof *names));
    if (!node || !names) return false;
    onnx__node_proto__init(node);
    names[0] = (char *)from;
    names[1] = (char *)to;
    node->op_type = identity;
    node->n_input = node->n_output = 1;
    node->input = names;
    node->output = names + 1;
    return add_node(in, node);
}

static bool add_renamed_tensor(struct inliner *in, const struct scope *scope, Onnx__TensorProto *tensor) {
    Onnx__TensorProto *copy = own(in, malloc(sizeof *copy));
    if (!copy) return false;
    *copy = *tensor;
    copy->name = (char *)look_up(in, scope, onnx_text(tensor->name));
    return add_tensor(in, copy);
}

/* ---- Branches ---- */

static bool add(struct inliner *in, const struct scope *scope, Onnx__NodeProto *node);

/* Names of what the branch computes: its results have those of the If. A result that no node of the branch computes, or
 * that was named already, is copied. */
static bool name_inner(struct inliner *in, struct scope *scope, const Onnx__GraphProto *branch,
                       const Onnx__NodeProto *node, bool *copied) {
    struct name_table made = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < branch->n_node; i++)
        for (size_t k = 0; ok && k < branch->node[i]->n_output; k++)
            ok = name_table_at(&made, onnx_text(branch->node[i]->output[k])) || error_memory(in->e);
    for (size_t k = 0; ok && k < node->n_output; k++) {
        const char *result = onnx_text(branch->output[k]->name), *now = onnx_text(node->output[k]);
        bool takes = *now && *result && name_table_find(&made, result) && !name_table_find(&scope->names, result);
        copied[k] = *now && !takes;
        ok = !takes || rename_to(in, scope, result, look_up(in, scope->outer, now));
    }
    name_table_finish(&made);
    for (size_t i = 0; ok && i < branch->n_initializer; i++)
        ok = define_inner(in, scope, onnx_text(branch->initializer[i]->name));
    for (size_t i = 0; ok && i < branch->n_node; i++)
        for (size_t k = 0; ok && k < branch->node[i]->n_output; k++)
            ok = define_inner(in, scope, onnx_text(branch->node[i]->output[k]));
    return ok;
}

static bool add_branch(struct inliner *in, const struct scope *outer, const Onnx__NodeProto *node,
                       const Onnx__GraphProto *branch) {
    struct scope scope = {.outer = outer};
    bool *copied = calloc(node->n_output + 1, sizeof *copied);
    bool ok = copied || error_memory(in->e);
    ok = ok && name_inner(in, &scope, branch, node, copied);
    for (size_t i = 0; ok && i < branch->n_initializer; i++)
        ok = add_renamed_tensor(in, &scope, branch->initializer[i]);
    for (size_t i = 0; ok && i < branch->n_node; i++) ok = add(in, &scope, branch->node[i]);
    for (size_t k = 0; ok && k < node->n_output; k++)
        ok = !copied[k] || add_identity(in, look_up(in, &scope, onnx_text(branch->output[k]->name)),
                                        look_up(in, outer, onnx_text(node->output[k])));
    name_table_finish(&scope.names);
    free(copied);
    return ok;
}

/* The branch that is taken; NULL where the condition is not known. */
static bool choose(struct inliner *in, const struct scope *scope, const Onnx__NodeProto *node,
                   const Onnx__GraphProto **out) {
    bool known = false, truth = false;
    char text[200];
    *out = NULL;
    if (node->n_input != 1)
        return error_set(in->e, "%s: %zu inputs: wanted its condition", onnx_node_text(node, text, sizeof text),
                         node->n_input);
    if (++in->conditions > MOST_CONDITIONS)
        return error_set(in->e, "%s: it is behind %d others: fold the model with onnxsim or onnxslim",
                         onnx_node_text(node, text, sizeof text), MOST_CONDITIONS);
    const char *condition = look_up(in, scope, onnx_text(node->input[0]));
    if (!in->asker->ask(in->asker, &in->out->graph, condition, &known, &truth, in->e)) return false;
    if (!known) return true;
    const char *name = truth ? "then_branch" : "else_branch";
    const Onnx__AttributeProto *branch = onnx_find_attribute(node, name);
    if (!branch || !branch->g)
        return error_set(in->e, "%s: attribute '%s' is missing", onnx_node_text(node, text, sizeof text), name);
    if (branch->g->n_output < node->n_output)
        return error_set(in->e, "%s: attribute '%s' gives %zu results: wanted %zu",
                         onnx_node_text(node, text, sizeof text), name, branch->g->n_output, node->n_output);
    *out = branch->g;
    return true;
}

static bool add(struct inliner *in, const struct scope *scope, Onnx__NodeProto *node) {
    const Onnx__GraphProto *branch = NULL;
    if (onnx_is_branch(node) && !choose(in, scope, node, &branch)) return false;
    if (branch) return add_branch(in, scope, node, branch);
    Onnx__NodeProto *now = translate(in, scope, node);
    return now && add_node(in, now);
}

static bool define_all(struct inliner *in, const Onnx__GraphProto *graph) {
    bool ok = true;
    for (size_t i = 0; ok && i < graph->n_input; i++) ok = define(in, onnx_text(graph->input[i]->name));
    for (size_t i = 0; ok && i < graph->n_initializer; i++)
        ok = define(in, onnx_text(graph->initializer[i]->name)) && add_tensor(in, graph->initializer[i]);
    for (size_t i = 0; ok && i < graph->n_node; i++)
        for (size_t k = 0; ok && k < graph->node[i]->n_output; k++)
            ok = define(in, onnx_text(graph->node[i]->output[k]));
    return ok;
}

bool onnx_inline(const Onnx__GraphProto *graph, const char *output, const struct onnx_asker *asker,
                 struct onnx_inlined *out, struct error *e) {
    struct inliner in = {.out = out, .asker = asker, .e = e};
    bool *needed = NULL;
    *out = (struct onnx_inlined){.graph = *graph};
    out->graph.node = NULL;
    out->graph.initializer = NULL;
    out->graph.n_node = out->graph.n_initializer = 0;
    bool ok = onnx_needed_nodes(graph, output, &needed, e) && define_all(&in, graph);
    for (size_t i = 0; ok && i < graph->n_node; i++)
        ok = needed[i] ? add(&in, NULL, graph->node[i]) : add_node(&in, graph->node[i]);
    name_table_finish(&in.defined);
    free(in.renamed);
    free(needed);
    return ok;
}
