/* onnx_output.c: which of a file's outputs is the network's, and which nodes that one needs. */
#include "nn/onnx_output.h"

#include "base/name_table.h"
#include "base/text.h"
#include "nn/op.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Choosing ---- */

/* What outputs of class scores are called; the first row that fits one output alone decides. */
static const char *const telling[] = {"logit", "score", "prob", "output", "pred", "class"};

/* scikit-learn's probabilities, as a list of dictionaries: the tensor that it is made of is taken. */
static bool is_zipmap(const Onnx__GraphProto *graph, const Onnx__ValueInfoProto *info) {
    for (size_t i = 0; i < graph->n_node; i++)
        if (strcmp(onnx_text(graph->node[i]->op_type), "ZipMap") == 0 && graph->node[i]->n_output &&
            strcmp(onnx_text(graph->node[i]->output[0]), onnx_text(info->name)) == 0)
            return true;
    return false;
}

/* Also of an output that says nothing of its elements. */
static bool holds_floats(const Onnx__GraphProto *graph, const Onnx__ValueInfoProto *info) {
    if (is_zipmap(graph, info)) return true;
    const Onnx__TypeProto__Tensor *tensor = onnx_tensor_type(info);
    if (!tensor) return !info->type || info->type->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET;
    return tensor->elem_type == 0 || onnx_type_is_float(tensor->elem_type);
}

/* Batch x k, dimensions of one apart, as far as the file says. */
static bool is_list(const Onnx__ValueInfoProto *info) {
    const Onnx__TypeProto__Tensor *tensor = onnx_tensor_type(info);
    const Onnx__TensorShapeProto *shape = tensor ? tensor->shape : NULL;
    size_t wide = 0;
    if (!shape) return true;
    for (size_t i = 1; i < shape->n_dim; i++)
        wide += shape->dim[i]->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ||
                shape->dim[i]->dim_value != 1;
    return shape->n_dim >= 2 && wide <= 1;
}

static bool has_word(const char *name, const char *word) {
    size_t length = strlen(word);
    for (; *name; name++) {
        size_t i = 0;
        while (i < length && name[i] && tolower((unsigned char)name[i]) == word[i]) i++;
        if (i == length) return true;
    }
    return false;
}

/* "'feat' [N x 32], 'label' (integers)"; the caller frees, NULL when out of memory. */
static char *list_outputs(const Onnx__GraphProto *graph) {
    struct text text = {0};
    for (size_t i = 0; i < graph->n_output; i++) {
        const Onnx__ValueInfoProto *info = graph->output[i];
        text_add(&text, "%s", i ? ", " : "");
        onnx_value_text(info, &text);
        if (!holds_floats(graph, info)) text_add(&text, " (no floating-point numbers)");
    }
    if (!text.failed) return text.data;
    text_finish(&text);
    return NULL;
}

static bool complain(const Onnx__GraphProto *graph, struct error *e, const char *what) {
    char *list = list_outputs(graph);
    if (!list) return error_memory(e);
    error_set(e, "%s: its outputs are %s: name one (--model-output NAME; in a battery output: NAME)", what, list);
    free(list);
    return false;
}

static bool choose_named(const Onnx__GraphProto *graph, const char *wanted, const char **out, struct error *e) {
    const char **names = calloc(graph->n_output + 1, sizeof *names);
    char what[300];
    if (!names) return error_memory(e);
    *out = NULL;
    for (size_t i = 0; i < graph->n_output; i++) {
        names[i] = onnx_text(graph->output[i]->name);
        if (strcmp(names[i], wanted) != 0) continue;
        *out = names[i];
        if (!holds_floats(graph, graph->output[i])) {
            free(names);
            return error_set(e, "output '%s' holds no floating-point numbers: a network is explained by its scores",
                             wanted);
        }
    }
    const char *near = *out ? NULL : text_nearest(wanted, names, graph->n_output);
    snprintf(what, sizeof what, "it has no output '%s'%s%s%s", excerpt_of(wanted).text, near ? " (did you mean '" : "",
             near ? excerpt_of(near).text : "", near ? "'?)" : "");
    free(names);
    return *out || complain(graph, e, what);
}

static size_t candidates(const Onnx__GraphProto *graph, const char *word, const char **last) {
    size_t count = 0;
    for (size_t i = 0; i < graph->n_output; i++) {
        const Onnx__ValueInfoProto *info = graph->output[i];
        if (!holds_floats(graph, info) || !is_list(info) || !has_word(onnx_text(info->name), word)) continue;
        *last = onnx_text(info->name);
        count++;
    }
    return count;
}

/* What stands beside the scores of a detector: those are of places, one each, and not of classes. */
static const char *const placing[] = {"box", "landmark", "keypoint", "kps", "anchor", "detection"};

static bool is_single_column(const Onnx__GraphProto *graph, const char *output) {
    for (size_t i = 0; i < graph->n_output; i++) {
        const Onnx__TypeProto__Tensor *tensor = onnx_tensor_type(graph->output[i]);
        const Onnx__TensorShapeProto *shape = tensor ? tensor->shape : NULL;
        if (strcmp(onnx_text(graph->output[i]->name), output) != 0 || !shape || shape->n_dim < 2) continue;
        const Onnx__TensorShapeProto__Dimension *last = shape->dim[shape->n_dim - 1];
        return last->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && last->dim_value == 1;
    }
    return false;
}

static bool is_detector(const Onnx__GraphProto *graph, const char *output) {
    bool places = false;
    for (size_t i = 0; i < graph->n_output; i++)
        for (size_t k = 0; k < sizeof placing / sizeof *placing; k++)
            places = places || has_word(onnx_text(graph->output[i]->name), placing[k]);
    return places && is_single_column(graph, output);
}

bool onnx_choose_output(const Onnx__GraphProto *graph, const char *wanted, const char **out, struct error *e) {
    if (graph->n_output == 0) return error_set(e, "it has no output: wanted one");
    if (wanted) return choose_named(graph, wanted, out, e);
    *out = onnx_text(graph->output[0]->name);
    if (graph->n_output == 1)
        return holds_floats(graph, graph->output[0]) ||
               error_set(e,
                         "its only output '%s' holds no floating-point numbers (labels, say): wanted scores; "
                         "export the model without its last step",
                         *out);
    size_t all = candidates(graph, "", out);
    if (all == 0) return complain(graph, e, "no output has one number for each class");
    for (size_t i = 0; all > 1 && i < sizeof telling / sizeof *telling; i++) {
        size_t found = candidates(graph, telling[i], out);
        if (found > 1) break;
        if (found == 1) all = 1;
    }
    if (all != 1) return complain(graph, e, "several outputs could be the network's");
    return !is_detector(graph, *out) ||
           complain(graph, e, "it looks like a detector, whose scores are of places and not of classes");
}

size_t onnx_output_rank(const Onnx__GraphProto *graph, const char *output) {
    for (size_t i = 0; i < graph->n_output; i++) {
        const Onnx__TypeProto__Tensor *tensor = onnx_tensor_type(graph->output[i]);
        if (strcmp(onnx_text(graph->output[i]->name), output) == 0 && tensor && tensor->shape)
            return tensor->shape->n_dim;
    }
    return 0;
}

/* ---- What is made of it ---- */

bool onnx_check_output(const struct graph *graph, const char *output, struct error *e) {
    const struct shape *shape = &graph->values[graph->file_output].shape;
    char text[OP_SHAPE_TEXT];
    size_t wide = 0;
    for (uint32_t i = 1; i < shape->rank; i++) wide += shape->dim[i] != 1;
    return wide <= 1 ||
           error_set(e,
                     "output '%s' of one sample is %s: wanted one number for each class; take another output "
                     "(--model-output NAME), or reduce this one over its positions "
                     "(in a battery output: {name: %s, reduce: mean}, or reduce: sum)",
                     output, shape_text(shape, text, sizeof text), output);
}

/* "seg, mean over positions, class 3"; the caller frees. */
static char *output_text(const struct onnx_options *options, const char *output) {
    static const char *const reductions[] = {"", ", sum over positions", ", mean over positions"};
    struct text text = {0};
    text_add(&text, "%s%s", output, reductions[options->reduce]);
    if (options->pick) text_add(&text, ", class %u", options->index);
    if (!text.failed) return text.data;
    text_finish(&text);
    return NULL;
}

bool onnx_tell_output(const Onnx__GraphProto *proto, const struct onnx_options *options, const char *output,
                      struct graph *graph, struct error *e) {
    if (proto->n_output < 2 && !options->reduce && !options->pick) return true;
    graph->taken = output_text(options, output);
    struct text others = {0};
    for (size_t i = 0; i < proto->n_output; i++) {
        const char *name = onnx_text(proto->output[i]->name);
        if (strcmp(name, output) != 0) text_add(&others, "%s'%s'", others.length ? ", " : "", excerpt_of(name).text);
    }
    bool ok = (graph->taken && !others.failed) || error_memory(e);
    if (ok && others.data)
        ok = graph_warn(graph, e, "output '%s' is taken, not %s%s", excerpt_of(output).text, others.data,
                        options->output ? "" : " (--model-output takes another)");
    text_finish(&others);
    return ok;
}

/* ---- What the output needs ---- */

struct walk {
    const Onnx__GraphProto *graph;
    struct name_table producers; /* of a value: the index of its node + 1 */
    bool *needed;
    size_t *stack, depth; /* needed nodes whose inputs were not followed yet */
};

static void follow(struct walk *w, const char *name) {
    const uint32_t *node = name_table_find(&w->producers, name);
    if (!node || w->needed[*node - 1]) return;
    w->needed[*node - 1] = true;
    w->stack[w->depth++] = *node - 1;
}

/* Also what the nodes of its branches read, of whichever graph it is. */
static void follow_inputs(struct walk *w, const Onnx__NodeProto *node) {
    for (size_t i = 0; i < node->n_input; i++) follow(w, onnx_text(node->input[i]));
    for (size_t i = 0; i < node->n_attribute; i++) {
        const Onnx__GraphProto *branch = node->attribute[i]->g;
        for (size_t k = 0; branch && k < branch->n_node; k++) follow_inputs(w, branch->node[k]);
        for (size_t k = 0; branch && k < branch->n_output; k++) follow(w, onnx_text(branch->output[k]->name));
    }
}

static bool note_producers(struct walk *w, struct error *e) {
    for (size_t i = 0; i < w->graph->n_node; i++)
        for (size_t k = 0; k < w->graph->node[i]->n_output; k++) {
            const char *name = onnx_text(w->graph->node[i]->output[k]);
            uint32_t *at = *name ? name_table_at(&w->producers, name) : NULL;
            if (*name && !at) return error_memory(e);
            if (at && !*at) *at = (uint32_t)i + 1;
            else if (at && !w->needed[i]) { /* defined twice, which the graph complains of */ w->needed[i] = true;
                w->stack[w->depth++] = i;
            }
        }
    return true;
}

bool onnx_needed_nodes(const Onnx__GraphProto *graph, const char *output, bool **out, struct error *e) {
    struct walk w = {.graph = graph,
                     .needed = calloc(graph->n_node + 1, sizeof *w.needed),
                     .stack = calloc(graph->n_node + 1, sizeof *w.stack)};
    bool ok = ((w.needed && w.stack) || error_memory(e)) && note_producers(&w, e);
    if (ok) follow(&w, output);
    while (ok && w.depth) follow_inputs(&w, graph->node[w.stack[--w.depth]]);
    name_table_finish(&w.producers);
    free(w.stack);
    if (ok) *out = w.needed;
    else free(w.needed);
    return ok;
}
