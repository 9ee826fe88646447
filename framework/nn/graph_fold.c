/* graph_fold.c: values that do not depend on the input, computed once at load. */
#include "nn/graph_build.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool depends_on_parameter(const struct graph *g, const struct node *node) {
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != GRAPH_NONE && g->values[node->inputs[i]].kind == VALUE_PARAMETER) return true;
    return false;
}

/* The same elements in another shape: moved, with their name, unless somebody else reads them too. */
static bool fold_reshape(struct graph *g, const struct node *node, const struct shape *shape, struct error *e) {
    struct value *from = &g->values[node->inputs[0]], *to = &g->values[node->outputs[0]];
    to->kind = from->kind;
    to->shape = *shape;
    if (g->building->readers[node->inputs[0]] > 1) {
        size_t bytes = shape_count(shape) * (from->ints ? sizeof *from->ints : sizeof *from->data);
        void *copy = malloc(bytes ? bytes : 1);
        if (!copy) return error_memory(e);
        memcpy(copy, from->ints ? (void *)from->ints : (void *)from->data, bytes);
        to->ints = from->ints ? copy : NULL;
        to->data = from->ints ? NULL : copy;
        return true;
    }
    graph_swap_names(g, node->inputs[0], node->outputs[0]);
    to->data = from->data;
    to->ints = from->ints;
    from->data = NULL;
    from->ints = NULL;
    from->kind = VALUE_ACTIVATION;
    return true;
}

/* call->out.data of the call's inputs; the caller frees it in any case. */
static bool run(struct op_call *call, struct error *e) {
    const struct op *op = call->node->op;
    size_t scratch = op->scratch ? op->scratch(call) : 0, saved = op->saved ? op->saved(call) : 0;
    call->out.data = malloc((shape_count(&call->out.shape) + 1) * sizeof *call->out.data);
    call->scratch = malloc((scratch + 1) * sizeof *call->scratch);
    call->saved = malloc((saved + 1) * sizeof *call->saved);
    bool ok = (call->out.data && call->scratch && call->saved) || error_memory(e);
    if (ok) op->forward(call);
    free(call->scratch);
    free(call->saved);
    return ok;
}

static bool takes_integers(const struct op *op, uint32_t input) {
    return input < 32 && op->integer_inputs >> input & 1;
}

static bool fold_floats(struct graph *g, struct op_call *call, struct error *e) {
    struct value *to = &g->values[call->node->outputs[0]];
    for (uint32_t i = 0; i < call->node->input_count; i++)
        if (op_present(call, i) && !call->in[i].data && !takes_integers(call->node->op, i))
            return error_set(e, "its input '%s' is an integer: wanted float32", g->values[call->node->inputs[i]].name);
    if (!run(call, e)) {
        free(call->out.data);
        return false;
    }
    to->kind = depends_on_parameter(g, call->node) ? VALUE_PARAMETER : VALUE_CONSTANT;
    to->data = call->out.data;
    return true;
}

/* Integers that move: their numbers, from 1 on, are moved as floats; 0 stays 0. */
static bool move_integers(const struct graph *g, struct op_call *call, int64_t *out, struct error *e) {
    const struct node *node = call->node;
    size_t count = 1;
    for (uint32_t i = 0; i < node->input_count; i++)
        if (op_present(call, i) && !takes_integers(node->op, i)) count += shape_count(&call->in[i].shape);
    if (count >= (size_t)1 << 24) return error_set(e, "too many integers: at most %d", 1 << 24);
    float *numbers = malloc(count * sizeof *numbers);
    int64_t *values = malloc(count * sizeof *values);
    bool ok = (numbers && values) || error_memory(e);
    size_t at = 1;
    if (ok) values[0] = 0;
    for (uint32_t i = 0; ok && i < node->input_count; i++) {
        if (!op_present(call, i) || takes_integers(node->op, i)) continue;
        size_t n = shape_count(&call->in[i].shape);
        if (!call->in[i].ints) {
            ok = error_set(e, "its input '%s' is no integer: wanted int64", g->values[node->inputs[i]].name);
            break;
        }
        call->in[i].data = numbers + at;
        for (size_t k = 0; k < n; k++, at++) {
            numbers[at] = (float)at;
            values[at] = call->in[i].ints[k];
        }
    }
    ok = ok && run(call, e);
    for (size_t i = 0; ok && i < shape_count(&call->out.shape); i++) out[i] = values[(size_t)call->out.data[i]];
    free(call->out.data);
    free(numbers);
    free(values);
    return ok;
}

static bool fold_integers(struct graph *g, struct op_call *call, struct error *e) {
    const struct op *op = call->node->op;
    struct value *to = &g->values[call->node->outputs[0]];
    int64_t *out = malloc((shape_count(&call->out.shape) + 1) * sizeof *out);
    if (!out) return error_memory(e);
    if (!(op->integers ? op->integers(call, out, e) : move_integers(g, call, out, e))) {
        free(out);
        return false;
    }
    to->kind = VALUE_CONSTANT;
    to->ints = out;
    return true;
}

static bool fold_compute(struct graph *g, struct op_call *call, struct error *e) {
    const struct op *op = call->node->op;
    if (shape_count(&call->out.shape) > OP_MAX_ELEMENTS)
        return error_set(e, "its output has too many elements: at most %zu", OP_MAX_ELEMENTS);
    g->values[call->node->outputs[0]].shape = call->out.shape;
    bool can = op->integers || (op->flags & OP_MOVES);
    bool whole = can && (op->whole ? op->whole(call) : call->in[0].ints != NULL);
    return (whole ? fold_integers : fold_floats)(g, call, e);
}

/* An Expand, too, may have nothing to repeat, and a Cast nothing to convert. */
static bool keeps_elements(const struct op_call *call) {
    const struct op *op = call->node->op;
    bool expand = strcmp(op->name, "Expand") == 0;
    bool cast = strcmp(op->name, "Cast") == 0 || strcmp(op->name, "CastLike") == 0;
    return (op->flags & OP_RESHAPES) || (cast && call->in[0].data && !op->whole(call)) ||
           (expand && shape_count(&call->out.shape) == shape_count(&call->in[0].shape));
}

bool graph_fold_node(struct graph *g, struct node *node, struct error *e) {
    struct operand *in = calloc((size_t)node->input_count + 1, sizeof *in);
    if (!in) return error_memory(e);
    struct op_call call;
    op_call_init(&call, g, node, NULL, in);
    bool ok = op_infer(&call, &call.out.shape, e);
    if (ok && keeps_elements(&call)) ok = fold_reshape(g, node, &call.out.shape, e);
    else if (ok) ok = fold_compute(g, &call, e);
    free(in);
    return ok;
}

/* ---- Casts between floating-point types, which are all one here ---- */

void graph_drop_cast(struct graph *g, struct node *node) {
    bool like = strcmp(node->op->name, "CastLike") == 0;
    if (!like && strcmp(node->op->name, "Cast") != 0) return;
    struct operand in[2];
    struct op_call call;
    op_call_init(&call, g, node, NULL, in);
    if (node->op->whole(&call) || !g->values[node->inputs[0]].batched) return;
    if (like) g->building->readers[node->inputs[1]]--;
    for (size_t i = 0; i < node->attribute_count; i++) attribute_finish(&node->attributes[i]);
    node->attribute_count = 0;
    node->input_count = 1;
    node->op = op_find("Identity");
}

/* ---- Reshape to a fixed batch ---- */

/* The first of NAME_shape, NAME_shape_2, ... that no value has; nodes may have one name. NULL when out of memory; the
 * caller frees. */
static char *free_name(struct graph *g, const struct node *node) {
    uint32_t *last = name_table_at(&g->building->suffixes, node->name);
    char *name = NULL;
    do {
        free(name);
        if (!last) return NULL;
        name = ++*last == 1 ? text_format("%s_shape", node->name) : text_format("%s_shape_%u", node->name, *last);
    } while (name && graph_find(g, name) != GRAPH_NONE);
    return name;
}

/* A new integer constant as input 1 of the node. */
static bool set_target(struct graph *g, struct node *node, const int64_t *target, size_t count, struct error *e) {
    char *name = free_name(g, node);
    uint32_t *inputs = calloc(2, sizeof *inputs);
    bool ok = (name && inputs) || error_memory(e);
    ok = ok && graph_add_ints(g, name, &(struct shape){1, {count}}, target, e);
    if (ok) {
        inputs[0] = node->inputs[0];
        inputs[1] = graph_find(g, name);
        for (uint32_t k = 1; k < node->input_count; k++)
            if (node->inputs[k] != GRAPH_NONE) g->building->readers[node->inputs[k]]--;
        g->building->readers[inputs[1]] = 1;
        free(node->inputs);
        node->inputs = inputs;
        node->input_count = 2;
        inputs = NULL;
    }
    free(inputs);
    free(name);
    return ok;
}

/* A 0 in the target is to mean "as the input has it". */
static void drop_allow_zero(struct node *node) {
    for (size_t i = 0; i < node->attribute_count; i++) {
        if (strcmp(node->attributes[i].name, "allowzero") != 0) continue;
        attribute_finish(&node->attributes[i]);
        node->attributes[i] = node->attributes[--node->attribute_count];
        return;
    }
}

/* A Reshape whose target begins with the file's batch (or 1) gets a 0 there, "as the input has it". */
bool graph_free_batch(struct graph *g, struct node *node, struct error *e) {
    if (strcmp(node->op->name, "Reshape") != 0 || g->input == GRAPH_NONE || g->single) return true;
    const struct attribute *old = node_attribute(node, "shape"); /* opset 1 */
    const struct value *v = node->input_count > 1 ? &g->values[node->inputs[1]] : NULL;
    const int64_t *target = v ? v->ints : old ? old->ints : NULL;
    size_t count = v ? shape_count(&v->shape) : old ? old->count : 0;
    if (!target || count == 0 || count > SHAPE_MAX_RANK) return true; /* infer says what is wrong */
    bool fixed = target[0] == 1 || target[0] == GRAPH_BATCH || (target[0] > 0 && (uint64_t)target[0] == g->file_batch);
    if (v && !fixed) return true;
    int64_t copy[SHAPE_MAX_RANK];
    memcpy(copy, target, count * sizeof *copy);
    if (fixed) {
        copy[0] = 0;
        drop_allow_zero(node);
    }
    return set_target(g, node, copy, count, e);
}

/* ---- Leaving out what is no longer needed ---- */

static void compact_nodes(struct graph *g) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->values[g->nodes[i].outputs[0]].batched) g->nodes[kept++] = g->nodes[i];
        else node_finish(&g->nodes[i]);
    g->node_count = kept;
}

static void compact_values(struct graph *g, uint32_t *map) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->value_count; i++) {
        if (map[i]) {
            map[i] = kept;
            g->values[kept] = g->values[i];
            g->values[kept++].node = GRAPH_NONE;
        } else {
            value_finish(&g->values[i]);
        }
    }
    g->value_count = kept;
}

bool graph_compact(struct graph *g, struct error *e) {
    uint32_t *map = calloc((size_t)g->value_count + 1, sizeof *map); /* first 1: used; then the new index */
    if (!map) return error_memory(e);
    compact_nodes(g);
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *node = &g->nodes[i];
        node->output_count = 1;
        map[node->outputs[0]] = 1;
        for (uint32_t k = 0; k < node->input_count; k++)
            if (node->inputs[k] != GRAPH_NONE) map[node->inputs[k]] = 1;
    }
    map[g->file_output] = 1;
    if (g->input != GRAPH_NONE) map[g->input] = 1;
    compact_values(g, map);
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *node = &g->nodes[i];
        node->outputs[0] = map[node->outputs[0]];
        g->values[node->outputs[0]].node = i;
        for (uint32_t k = 0; k < node->input_count; k++)
            if (node->inputs[k] != GRAPH_NONE) node->inputs[k] = map[node->inputs[k]];
    }
    g->file_output = map[g->file_output];
    if (g->input != GRAPH_NONE) g->input = map[g->input];
    free(map);
    return true;
}
