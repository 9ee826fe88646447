/* onnx_recurrent.c: LSTM, GRU and RNN: the states of all steps are computed; the last state is made of them. */
#include "nn/onnx_fused.h"

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

/* The attributes that the operator reads. */
static size_t take_attributes(const Onnx__NodeProto *node, struct attribute out[5], char **direction) {
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

/* What the file calls its outputs, of the states `all` of all steps. */
static bool add_outputs(struct graph *graph, const Onnx__NodeProto *node, const char *all, const char *direction,
                        bool batch_first, struct error *e) {
    const char *every = node->n_output ? onnx_text(node->output[0]) : "";
    const char *last = node->n_output > 1 ? onnx_text(node->output[1]) : "";
    char *turned = batch_first && *last ? text_format("%s.turned", last) : NULL;
    bool ok = !batch_first || !*last || turned || error_memory(e);
    ok = ok && (!batch_first || !*every || add_turned(graph, all, every, true, e));
    ok = ok && (!*last || add_last(graph, all, turned ? turned : last, direction, e));
    ok = ok && (!turned || add_turned(graph, turned, last, false, e));
    free(turned);
    return ok;
}

static bool add_recurrent(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    struct attribute rows[5];
    char *direction, *turned[MOST_INPUTS] = {NULL};
    const char *inputs[MOST_INPUTS], *last = node->n_output > 1 ? onnx_text(node->output[1]) : "";
    const Onnx__AttributeProto *layout = onnx_find_attribute(node, "layout");
    size_t count = take_attributes(node, rows, &direction);
    bool named = node->n_output && *onnx_text(node->output[0]), batch_first = layout && layout->i == 1;
    const char *stem = named ? node->output[0] : last;
    char *all = named && !batch_first ? text_copy(stem) : text_format("%s.all", stem);
    const char *output = all;
    bool ok = all || error_memory(e);
    if (ok && node->n_input > MOST_INPUTS)
        ok = error_set(e, "%zu inputs: wanted at most %d", node->n_input, MOST_INPUTS);
    if (ok && onnx_find_attribute(node, "clip")) ok = error_set(e, "attribute 'clip' is not supported");
    if (ok && layout && layout->i != 0 && layout->i != 1)
        ok = error_set(e, "attribute 'layout' is %lld: wanted 0 or 1", (long long)layout->i);
    for (size_t i = 0; ok && i < node->n_input; i++) inputs[i] = onnx_text(node->input[i]);
    ok = ok && check_activations(node, e) &&
         (!batch_first || turn_inputs(graph, stem, inputs, node->n_input, turned, e)) &&
         graph_add_node(graph, node->op_type, onnx_text(node->name), inputs, node->n_input, &output, 1, rows, count,
                        e) &&
         add_outputs(graph, node, all, direction, batch_first, e);
    for (size_t i = 0; i < MOST_INPUTS; i++) free(turned[i]);
    free(direction);
    free(all);
    return ok;
}

bool onnx_add_recurrent(struct graph *graph, const Onnx__NodeProto *node, struct error *e) {
    char text[200];
    bool ok = add_recurrent(graph, node, e), named = !ok && e && strncmp(e->text, "node ", 5) == 0; /* by the graph */
    if (!ok && !named) error_prefix(e, "%s", onnx_node_text(node, text, sizeof text));
    return ok;
}
