/* graph_finish.c: from a heap of nodes to a checked network. */
#include "nn/graph_build.h"

#include <stdlib.h>
#include <string.h>

static bool infer_node(const struct graph *g, const struct node *node, uint32_t batch, struct operand *in,
                       struct shape *shapes, struct error *e) {
    struct op_call call;
    struct shape *out = &shapes[node->outputs[0]];
    char text[OP_SHAPE_TEXT];
    op_call_init(&call, g, node, shapes, in);
    if (!op_infer(&call, out, e)) return false;
    if (!g->single && (out->rank == 0 || out->dim[0] != batch))
        return error_set(e, "its output for a batch of %u is %s: the first dimension must be the batch", batch,
                         shape_text(out, text, sizeof text));
    if (shape_count_from(out, g->single ? 0 : 1) > OP_MAX_ELEMENTS)
        return error_set(e, "its output is %s: at most %zu elements per sample", shape_text(out, text, sizeof text),
                         OP_MAX_ELEMENTS);
    return true;
}

bool graph_infer(const struct graph *g, uint32_t batch, struct shape *shapes, struct error *e) {
    if (g->single && batch != 1) return error_set(e, "the network takes one sample at a time, not a batch");
    uint32_t most = 0;
    for (uint32_t i = 0; i < g->node_count; i++) most = g->nodes[i].input_count > most ? g->nodes[i].input_count : most;
    struct operand *in = calloc((size_t)most + 1, sizeof *in);
    bool ok = in || error_memory(e);
    for (uint32_t i = 0; ok && i < g->value_count; i++) {
        shapes[i] = g->values[i].shape;
        if (g->values[i].kind == VALUE_INPUT) shapes[i].dim[0] = batch;
    }
    for (uint32_t i = 0; ok && i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        if (g->values[node->outputs[0]].batched && !infer_node(g, node, batch, in, shapes, e))
            ok = error_prefix(e, "node '%s' (%s)", node->name, node->op->name);
    }
    free(in);
    return ok;
}

/* Shapes for one sample, and the proof that two are worked through side by side. */
static bool infer_shapes(struct graph *g, struct error *e) {
    struct shape *one = calloc((size_t)g->value_count + 1, sizeof *one);
    struct shape *two = calloc((size_t)g->value_count + 1, sizeof *two);
    bool ok = (one && two) || error_memory(e);
    ok = ok && graph_infer(g, 1, one, e);
    if (ok && !g->single && !graph_infer(g, 2, two, e))
        ok = error_prefix(e, "the network takes one sample at a time, not a batch");
    for (uint32_t i = 0; ok && i < g->value_count; i++) {
        struct value *v = &g->values[i];
        if (!v->batched) continue;
        v->shape = one[i];
        two[i].dim[0] = 1;
        if (!g->single && !shape_equal(&one[i], &two[i]))
            ok = error_set(e, "node '%s' (%s): the shape of a sample of '%s' depends on the batch",
                           g->nodes[v->node].name, g->nodes[v->node].op->name, v->name);
    }
    free(one);
    free(two);
    return ok;
}

/* The number of samples is among its integers: so its result depends on it. */
static bool names_batch(const struct graph *g, const struct node *node) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        const struct value *v = node->inputs[i] == GRAPH_NONE ? NULL : &g->values[node->inputs[i]];
        size_t count = v && v->ints ? shape_count(&v->shape) : 0;
        for (size_t k = 0; k < count; k++)
            if (v->ints[k] == GRAPH_BATCH) return true;
    }
    return false;
}

static bool any_batched(const struct graph *g, const struct node *node) {
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != GRAPH_NONE && g->values[node->inputs[i]].batched) return true;
    return false;
}

/* An empty list of integers adds nothing to a Concat. */
static void drop_empty(struct graph *g, struct node *node) {
    if (strcmp(node->op->name, "Concat") != 0) return;
    uint32_t kept = 0, count = node->input_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *v = node->inputs[i] == GRAPH_NONE ? NULL : &g->values[node->inputs[i]];
        bool empty = v && v->ints && v->shape.rank == 1 && v->shape.dim[0] == 0;
        if (!empty || node->input_count == 1) node->inputs[kept++] = node->inputs[i];
        else {
            node->input_count--;
            g->building->readers[node->inputs[i]]--;
        }
    }
}

/* Computes the node's result, or only its shape for one sample where it depends on the input. */
static bool settle(struct graph *g, struct node *node, struct error *e) {
    drop_empty(g, node);
    bool batched = any_batched(g, node), counts = names_batch(g, node);
    bool whole = !batched && counts && (node->op->flags & (OP_MOVES | OP_RESHAPES)) && g->values[node->inputs[0]].ints;
    if (!batched && (!counts || whole || node->op->integers)) return graph_fold_node(g, node, e);
    if (node->op->flags & OP_ASKS_SHAPE) return graph_fold_node(g, node, e);
    g->values[node->outputs[0]].batched = true;
    graph_drop_cast(g, node);
    if (!graph_free_batch(g, node, e)) return false;
    if (names_batch(g, node) && !(node->op->flags & OP_TAKES_BATCH))
        return error_set(e, "a shape that it wants depends on the number of samples: not supported here");
    struct operand *in = calloc((size_t)node->input_count + 1, sizeof *in);
    if (!in) return error_memory(e);
    struct op_call call;
    op_call_init(&call, g, node, NULL, in);
    bool ok = op_infer(&call, &g->values[node->outputs[0]].shape, e);
    free(in);
    return ok;
}

/* Folding adds at most one value for each node. */
static bool count_readers(struct graph *g, struct error *e) {
    uint32_t *readers = calloc((size_t)g->value_count + g->node_count + 1, sizeof *readers);
    if (!readers) return error_memory(e);
    g->building->readers = readers;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t k = 0; k < g->nodes[i].input_count; k++)
            if (g->nodes[i].inputs[k] != GRAPH_NONE) readers[g->nodes[i].inputs[k]]++;
    return true;
}

static bool fold(struct graph *g, struct error *e) {
    if (!count_readers(g, e)) return false;
    for (uint32_t i = 0; i < g->node_count; g->building->settled = ++i)
        if (!settle(g, &g->nodes[i], e))
            return error_prefix(e, "node '%s' (%s)", g->nodes[i].name, g->nodes[i].op->name);
    return true;
}

bool graph_finish(struct graph *g, const char *output, struct error *e) {
    uint32_t index = graph_find(g, output);
    if (index == GRAPH_NONE || !value_is_defined(&g->values[index]))
        return error_set(e, "output '%s' is computed by no node", output);
    g->file_output = index;
    if (!graph_sort(g, index, e) || !fold(g, e)) return false;
    if (g->input != GRAPH_NONE && !g->values[g->file_output].batched)
        return error_set(e, "output '%s' does not depend on the input '%s'", output, g->values[g->input].name);
    if (!infer_shapes(g, e) || !graph_compact(g, e) || !graph_find_rectifiers(g, e)) return false;
    g->output = g->file_output;
    if (g->input != GRAPH_NONE && (!graph_find_logits(g, e) || !graph_find_layers(g, e))) return false;
    builder_destroy(g->building);
    g->building = NULL;
    return true;
}
