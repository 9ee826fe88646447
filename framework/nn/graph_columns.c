/* graph_columns.c: scores whose columns were made apart, each by a Sigmoid: [1 - p, p], or one network for each class.
 */
#include "nn/graph_build.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A column of the scores: the Sigmoid of z, or one minus that, under as many logarithms. */
struct column {
    uint32_t logit; /* z, or what `pick` takes it from */
    uint32_t pick;  /* the node that takes the column from scores of several, or GRAPH_NONE */
    unsigned logs;
    bool negative;
};

/* x of 1 - x, or GRAPH_NONE. */
static uint32_t complement(const struct graph *g, const struct node *node) {
    if (node_is(node, "Sub") && graph_is_constant(g, node->inputs[0], 1)) return node->inputs[1];
    uint32_t negated = graph_joined(g, node, "Add", 1);
    const struct node *neg = negated == GRAPH_NONE ? NULL : graph_maker(g, negated);
    return node_is(neg, "Neg") ? neg->inputs[0] : GRAPH_NONE;
}

/* One column of a table of scores. */
static bool picks(const struct graph *g, const struct node *node) {
    return (node_is(node, "Slice") || node_is(node, "Gather")) && graph_batched_inputs(g, node) == 1 &&
           g->values[node->inputs[0]].batched && shape_count(&g->values[node->outputs[0]].shape) == 1;
}

/* False: it is no such column. */
static bool read_column(const struct graph *g, uint32_t value, struct column *out) {
    *out = (struct column){GRAPH_NONE, GRAPH_NONE, 0, false};
    while (value != GRAPH_NONE) {
        const struct node *node = graph_maker(g, value);
        if (!node) return false;
        uint32_t from = graph_sigmoid_input(g, node), other = complement(g, node);
        if (from != GRAPH_NONE) {
            out->logit = from;
            return true;
        }
        if (other != GRAPH_NONE && !out->negative) {
            value = other;
            out->negative = true;
        } else if (picks(g, node) && out->pick == GRAPH_NONE) {
            out->pick = g->values[value].node;
            value = node->inputs[0];
        } else if (node->op->flags & OP_RESHAPES) {
            if (out->pick != GRAPH_NONE) return false; /* it takes a column of another shape */
            value = node->inputs[0];
        } else {
            bool log = node_is(node, "Log") && !out->negative;
            value = log || node_is(node, "Clip") ? node->inputs[0] : GRAPH_NONE;
            out->logs += log;
        }
    }
    return false;
}

/* All of them, or false in *known. */
static void read_columns(const struct graph *g, const struct node *concat, struct column *columns, bool *known) {
    *known = true;
    for (uint32_t k = 0; *known && k < concat->input_count; k++) {
        uint32_t v = concat->inputs[k];
        const struct column *c = &columns[k];
        *known = v != GRAPH_NONE && g->values[v].batched && shape_count(&g->values[v].shape) == 1 &&
                 read_column(g, v, &columns[k]) && c->logs == columns[0].logs &&
                 (c->pick != GRAPH_NONE || shape_count(&g->values[c->logit].shape) == 1);
    }
}

/* The node once more, of another first input. */
static bool append_copy(struct graph *g, uint32_t original, uint32_t input, struct error *e) {
    const struct node *from = &g->nodes[original];
    const struct value *output = &g->values[from->outputs[0]];
    uint32_t copy = g->node_count;
    if (!graph_append_like(g, from, output->name, &output->shape, e)) return false;
    g->nodes[copy].inputs[0] = input;
    return true;
}

#define ADDED 3u /* nodes of a column, at most */

/* z or -z of a column, as [1][1]. */
static bool append_logit(struct graph *g, const struct column *c, uint32_t *out, struct error *e) {
    *out = c->logit;
    if (c->pick != GRAPH_NONE) {
        if (!append_copy(g, c->pick, c->logit, e)) return false;
        *out = g->value_count - 1;
    }
    if (g->values[*out].shape.rank != 2) {
        if (!graph_append(g, &(struct graph_addition){"Flatten", "logit of a column", out, 1, 1}, e)) return false;
        *out = g->value_count - 1;
    }
    if (!c->negative) return true;
    if (!graph_append(g, &(struct graph_addition){"Neg", "logit of a column, negative", out, 1, 1}, e)) return false;
    *out = g->value_count - 1;
    return true;
}

bool graph_join_columns(struct graph *g, const struct node *concat, uint32_t *logits, struct error *e) {
    uint32_t count = concat->input_count;
    struct column *columns = calloc((size_t)count + 1, sizeof *columns);
    uint32_t *parts = calloc((size_t)count + 1, sizeof *parts);
    bool known = false, ok = (columns && parts) || error_memory(e);
    *logits = GRAPH_NONE;
    if (ok && count > 1) read_columns(g, concat, columns, &known);
    ok = ok && (!known || graph_make_room(g, ADDED * count + 1, e));
    for (uint32_t k = 0; ok && known && k < count; k++) ok = append_logit(g, &columns[k], &parts[k], e);
    ok = ok &&
         (!known || graph_append(g, &(struct graph_addition){"Concat", "logits of columns", parts, count, count}, e));
    if (ok && known) {
        *logits = g->value_count - 1;
        g->paired = count == 2 && columns[0].negative != columns[1].negative && columns[0].pick == columns[1].pick &&
                    graph_origin(g, columns[0].logit) == graph_origin(g, columns[1].logit);
    }
    free(columns);
    free(parts);
    return ok;
}
