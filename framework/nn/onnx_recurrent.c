/* onnx_recurrent.c: LSTM, GRU and RNN: the states of all steps are computed; the last state is made of them. The last
 * cell of an LSTM is made of the cells of all steps, which a second node computes. */
#include "nn/onnx_fused.h"
#include "nn/ops/recurrent.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool onnx_is_recurrent(const Onnx__NodeProto *node) {
    const char *op = onnx_text(node->op_type);
    return strcmp(op, "LSTM") == 0 || strcmp(op, "GRU") == 0 || strcmp(op, "RNN") == 0;
}

/* Others than ONNX's own are not computed. */
static bool check_activations(const Onnx__NodeProto *node, struct error *e) {
    static const char *const lstm[] = {"Sigmoid", "Tanh", "Tanh"}, *const gru[] = {"Sigmoid", "Tanh"},
                             *const rnn[] = {"Tanh"};
    const char *op = onnx_text(node->op_type);
    const char *const *wanted = *op == 'L' ? lstm : *op == 'G' ? gru : rnn;
    const size_t count = *op == 'L' ? 3 : *op == 'G' ? 2 : 1;
    const Onnx__AttributeProto *a = onnx_find_attribute(node, "activations");
    for (size_t i = 0; a && i < a->n_strings; i++) {
        const char *name = wanted[i % count];
        if (a->strings[i].len != strlen(name) || memcmp(a->strings[i].data, name, strlen(name)) != 0)
            return error_set(e, "attribute 'activations': wanted %s for number %zu", name, i);
    }
    return true;
}

#define MOST_ATTRIBUTES 5 /* with the one that asks for cells */

/* The attributes that the operator reads. */
static size_t take_attributes(const Onnx__NodeProto *node, struct attribute out[MOST_ATTRIBUTES], char **direction) {
    static const char *const integers[] = {"hidden_size", "linear_before_reset", "input_forget"};
    size_t count = 0;
    *direction = NULL;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        const Onnx__AttributeProto *a = onnx_find_attribute(node, integers[i]);
        if (a) out[count++] = (struct attribute){.name = integers[i], .kind = ATTRIBUTE_INT, .integer = a->i};
    }
    const Onnx__AttributeProto *a = onnx_find_attribute(node, "direction");
    if (a) *direction = text_format("%.*s", (int)(a->s.len < 32 ? a->s.len : 32), (const char *)a->s.data);
    if (*direction) out[count++] = (struct attribute){.name = "direction", .kind = ATTRIBUTE_TEXT, .text = *direction};
    return count;
}

/* out = in[from:to] along `axis`, under names that begin with out. */
static bool add_slice(struct graph *graph, const char *in, const char *out, int64_t from, int64_t to, int64_t axis,
                      struct error *e) {
    static const char *const what[] = {"from", "to", "axis"};
    const int64_t bounds[] = {from, to, axis};
    char *names[3] = {NULL};
    bool ok = true;
    for (size_t i = 0; ok && i < 3; i++) {
        names[i] = text_format("%s.%s", out, what[i]);
        ok = names[i] ? graph_add_ints(graph, names[i], &(struct shape){1, {1}}, &bounds[i], e) : error_memory(e);
    }
    const char *inputs[] = {in, names[0], names[1], names[2]};
    ok = ok && graph_add_node(graph, "Slice", out, inputs, 4, &out, 1, NULL, 0, e);
    for (size_t i = 0; i < 3; i++) free(names[i]);
    return ok;
}

/* Of the states of all steps (steps x directions x batch x hidden) the last of each direction. */
static bool add_last(struct graph *graph, const char *all, const char *last, const char *direction, struct error *e) {
    static const struct attribute along[] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1}};
    const int64_t front = 0, end = INT64_MAX;
    bool both = direction && strcmp(direction, "bidirectional") == 0;
    bool reverse = direction && strcmp(direction, "reverse") == 0;
    char *names[6] = {text_format("%s.first", last), text_format("%s.forth", last), text_format("%s.final", last),
                      text_format("%s.back", last),  text_format("%s.step", last),  text_format("%s.axes", last)};
    bool ok = true;
    for (size_t i = 0; i < 6; i++) ok = ok && names[i];
    ok = ok || error_memory(e);
    ok = ok && graph_add_ints(graph, names[5], &(struct shape){1, {1}}, &front, e);
    if (ok && both)
        ok = add_slice(graph, all, names[0], -1, end, 0, e) && add_slice(graph, names[0], names[1], 0, 1, 1, e) &&
             add_slice(graph, all, names[2], 0, 1, 0, e) && add_slice(graph, names[2], names[3], 1, 2, 1, e) &&
             graph_add_node(graph, "Concat", names[4], (const char *[]){names[1], names[3]}, 2,
                            (const char *[]){names[4]}, 1, along, 1, e);
    else if (ok) ok = add_slice(graph, all, names[4], reverse ? 0 : -1, reverse ? 1 : end, 0, e);
    ok = ok && graph_add_node(graph, "Squeeze", last, (const char *[]){names[4], names[5]}, 2, &last, 1, NULL, 0, e);
    for (size_t i = 0; i < 6; i++) free(names[i]);
    return ok;
}

/* The batch in front (layout 1) or, as the operator has it, behind the steps or directions. */
static bool add_turned(struct graph *graph, const char *in, const char *out, bool all, struct error *e) {
    static const int64_t swapped[] = {1, 0, 2}, front[] = {2, 0, 1, 3};
    const struct attribute perm = {
        .name = "perm", .kind = ATTRIBUTE_INTS, .ints = all ? front : swapped, .count = all ? 4 : 3};
    return graph_add_node(graph, "Transpose", out, &in, 1, &out, 1, &perm, 1, e);
}

#define MOST_INPUTS 8

/* Of a layout of 1 the input and the initial states are turned; the new names are the caller's. */
static bool turn_inputs(struct graph *graph, const char *stem, const char **inputs, size_t count,
                        char *turned[MOST_INPUTS], struct error *e) {
    for (size_t i = 0; i < count; i++) {
        if ((i != 0 && i != 5 && i != 6) || !*inputs[i]) continue;
        turned[i] = text_format("%s.turned%zu", stem, i);
        if (!turned[i]) return error_memory(e);
        if (!add_turned(graph, inputs[i], turned[i], false, e)) return false;
        inputs[i] = turned[i];
    }
    return true;
}

static const char *output_of(const Onnx__NodeProto *node, size_t i) {
    return i < node->n_output ? onnx_text(node->output[i]) : "";
}

/* A node under translation, as the operator has it. */
struct recurrent_node {
    struct graph *graph;
    const Onnx__NodeProto *file;
    const char *stem; /* of names that are made: its first output */
    const char *inputs[MOST_INPUTS], *direction;
    struct attribute rows[MOST_ATTRIBUTES];
    size_t row_count;
    bool batch_first;
};

/* `last`, as the file calls it, of what all steps have. */
static bool add_final(const struct recurrent_node *n, const char *all, const char *last, struct error *e) {
    char *turned = n->batch_first ? text_format("%s.turned", last) : NULL;
    bool ok = !n->batch_first || turned || error_memory(e);
    ok = ok && add_last(n->graph, all, turned ? turned : last, n->direction, e);
    ok = ok && (!turned || add_turned(n->graph, turned, last, false, e));
    free(turned);
    return ok;
}

/* Y and Y_h: the states of all steps, and the last. */
static bool add_states(const struct recurrent_node *n, struct error *e) {
    const char *every = output_of(n->file, 0), *last = output_of(n->file, 1);
    char *all = *every && !n->batch_first ? text_copy(every) : text_format("%s.all", n->stem);
    const char *output = all;
    bool ok = all || error_memory(e);
    ok = ok && graph_add_node(n->graph, n->file->op_type, onnx_text(n->file->name), (const char *const *)n->inputs,
                              n->file->n_input, &output, 1, n->rows, n->row_count, e);
    ok = ok && (!n->batch_first || !*every || add_turned(n->graph, all, every, true, e)) &&
         (!*last || add_final(n, all, last, e));
    free(all);
    return ok;
}

/* Y_c: the last cell. */
static bool add_cells(const struct recurrent_node *n, struct error *e) {
    struct attribute rows[MOST_ATTRIBUTES];
    char *all = text_format("%s.cells", n->stem);
    const char *output = all;
    bool ok = all || error_memory(e);
    memcpy(rows, n->rows, sizeof rows);
    rows[n->row_count] = (struct attribute){.name = RECURRENT_CELLS, .kind = ATTRIBUTE_INT, .integer = 1};
    ok = ok &&
         graph_add_node(n->graph, n->file->op_type, all, (const char *const *)n->inputs, n->file->n_input, &output, 1,
                        rows, n->row_count + 1, e) &&
         add_final(n, all, output_of(n->file, 2), e);
    free(all);
    return ok;
}

static bool check_node(const Onnx__NodeProto *node, const Onnx__AttributeProto *layout, struct error *e) {
    if (node->n_input > MOST_INPUTS) return error_set(e, "%zu inputs: wanted at most %d", node->n_input, MOST_INPUTS);
    if (onnx_find_attribute(node, "clip")) return error_set(e, "attribute 'clip' is not supported");
    if (layout && layout->i != 0 && layout->i != 1)
        return error_set(e, "attribute 'layout' is %lld: wanted 0 or 1", (long long)layout->i);
    if (*output_of(node, 2) && strcmp(onnx_text(node->op_type), "LSTM") != 0)
        return error_set(e, "output 2: only an LSTM has cells");
    return check_activations(node, e);
}

static bool add_recurrent(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    char *direction, *turned[MOST_INPUTS] = {NULL};
    const Onnx__AttributeProto *layout = onnx_find_attribute(node, "layout");
    struct recurrent_node n = {.graph = graph, .file = node, .batch_first = layout && layout->i == 1};
    n.row_count = take_attributes(node, n.rows, &direction);
    n.direction = direction;
    n.stem = output_of(node, 0);
    for (size_t i = 1; i < 3 && !*n.stem; i++) n.stem = output_of(node, i);
    bool ok = check_node(node, layout, e);
    for (size_t i = 0; ok && i < node->n_input; i++) n.inputs[i] = onnx_text(node->input[i]);
    ok = ok && (!n.batch_first || turn_inputs(graph, n.stem, n.inputs, node->n_input, turned, e)) &&
         add_states(&n, e) && (!*output_of(node, 2) || add_cells(&n, e));
    for (size_t i = 0; i < MOST_INPUTS; i++) free(turned[i]);
    free(direction);
    return ok;
}

bool onnx_add_recurrent(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    char text[200];
    bool ok = add_recurrent(graph, node, e), named = !ok && e && strncmp(e->text, "node ", 5) == 0; /* by the graph */
    if (!ok && !named) error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    return ok;
}
