/* onnx_tokens.c: tokens are numbers of rows, and have no gradient. What is explained is the row: the network that is
 * judged begins behind the embedding (Gather), and its input are the rows, dimensions first, as a sequence has them. */
#include "nn/onnx_tokens.h"

#include "base/text.h"
#include "nn/onnx_sizes.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ELEMENTS ((size_t)1 << 24) /* of an integer input that becomes a constant */

static bool is_integer(const Onnx__ValueInfoProto *info) {
    const Onnx__TypeProto *type = info->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type) return false;
    int32_t element = type->tensor_type->elem_type;
    return element == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 || element == ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
}

/* [1, L] for one sample. */
static bool sample_shape(const struct onnx_source *file, const Onnx__ValueInfoProto *info, struct shape *out,
                         struct error *e) {
    const Onnx__TensorShapeProto *shape = info->type->tensor_type->shape;
    const char *name = onnx_text(info->name);

    *out = (struct shape){0};
    if (!shape || shape->n_dim < 1 || shape->n_dim > SHAPE_MAX_RANK)
        return error_set(e, "input '%s' has no shape: wanted batch x tokens", name);
    out->rank = (uint32_t)shape->n_dim;
    out->dim[0] = 1;
    for (size_t i = 1; i < shape->n_dim; i++)
        if (!onnx_input_size(file->options, info, i, &out->dim[i], e)) return false;
    return shape_count(out) <= MOST_ELEMENTS || error_set(e, "input '%s' is too large", name);
}

static bool is_embedding(const struct roles *roles, const Onnx__NodeProto *node, const char *ids) {
    const Onnx__AttributeProto *axis = onnx_find_attribute(node, "axis");
    if (strcmp(onnx_text(node->op_type), "Gather") != 0 || node->n_input != 2 || node->n_output != 1) return false;
    const Onnx__TensorProto *table = roles_tensor(roles, onnx_text(node->input[0]));
    return strcmp(onnx_text(node->input[1]), ids) == 0 && (!axis || axis->i == 0) && table && table->n_dims == 2;
}

/* The one node that takes the rows, if it puts the dimensions before the length. */
static const Onnx__NodeProto *transpose_of(const struct onnx_source *file, const char *rows) {
    const Onnx__NodeProto *only = NULL;
    size_t uses = 0;
    for (size_t i = 0; i < file->proto->n_node; i++)
        for (size_t k = 0; file->needed[i] && k < file->proto->node[i]->n_input; k++)
            if (strcmp(onnx_text(file->proto->node[i]->input[k]), rows) == 0) {
                only = file->proto->node[i];
                uses++;
            }
    const Onnx__AttributeProto *perm = only ? onnx_find_attribute(only, "perm") : NULL;
    bool fits = uses == 1 && strcmp(onnx_text(only->op_type), "Transpose") == 0 && only->n_output == 1 && perm &&
                perm->n_ints == 3 && perm->ints[0] == 0 && perm->ints[1] == 2 && perm->ints[2] == 1;
    return fits ? only : NULL;
}

/* A node that takes the value for more than its shape, the embedding apart; NULL: there is none. */
static const Onnx__NodeProto *user_of(const struct onnx_source *file, const struct onnx_cut *cut, const char *name,
                                      bool shapes) {
    for (size_t i = 0; i < file->proto->n_node; i++) {
        const Onnx__NodeProto *node = file->proto->node[i];
        bool counts = file->needed[i] && node != cut->gather;
        if (!shapes && strcmp(onnx_text(node->op_type), "Shape") == 0) continue;
        for (size_t k = 0; counts && k < node->n_input; k++)
            if (strcmp(onnx_text(node->input[k]), name) == 0) return node;
    }
    return NULL;
}

static bool check_uses(const struct onnx_source *file, const struct onnx_cut *cut, struct error *e) {
    const char *ids = onnx_text(cut->ids->name);
    const Onnx__NodeProto *user = user_of(file, cut, ids, false);
    char text[200];
    return !user || error_set(e,
                              "%s: it uses the tokens '%s' besides their embedding: only one embedding of them is "
                              "supported",
                              onnx_node_text(user, text, sizeof text), ids);
}

static bool check_rank(const struct onnx_source *file, const Onnx__ValueInfoProto *ids, struct error *e) {
    const Onnx__TensorShapeProto *shape = ids->type->tensor_type->shape;
    const uint32_t declared = file->options->declared.rank;
    return !shape || !declared || declared + 1 == shape->n_dim ||
           error_set(e, "input '%s' has %zu dimensions, the batch included: %u behind the batch were declared",
                     onnx_text(ids->name), shape->n_dim, declared);
}

/* The first node that looks rows up by this input. */
static void find_gather(const struct onnx_source *file, const Onnx__ValueInfoProto *info, struct onnx_cut *out) {
    for (size_t n = 0; n < file->proto->n_node && !out->gather; n++)
        if (file->needed[n] && is_embedding(file->roles, file->proto->node[n], onnx_text(info->name))) {
            out->gather = file->proto->node[n];
            out->ids = info;
            out->table = roles_tensor(file->roles, onnx_text(out->gather->input[0]));
        }
}

static bool may_be_explained(const struct onnx_source *file, const Onnx__ValueInfoProto *info) {
    const char *wanted = file->options->input;
    return !wanted || strcmp(wanted, onnx_text(info->name)) == 0;
}

bool onnx_cut_find(const struct onnx_source *file, struct onnx_cut *out, struct error *e) {
    const Onnx__ValueInfoProto *integer = NULL;
    struct shape shape;

    *out = (struct onnx_cut){0};
    for (size_t i = 0; i < file->proto->n_input && !out->gather; i++) {
        const Onnx__ValueInfoProto *info = file->proto->input[i];
        if (!file->open[i] || !may_be_explained(file, info)) continue;
        if (!is_integer(info)) return true; /* the caller takes it, or says what is wrong with it */
        integer = integer ? integer : info;
        find_gather(file, info, out);
    }
    if (!integer) return true;
    if (!out->gather)
        return error_set(
            e,
            "input '%s' does not hold floating-point numbers: wanted FLOAT, DOUBLE, FLOAT16 or BFLOAT16, or numbers of "
            "tokens [N, length] that a Gather looks up in a float table",
            onnx_text(integer->name));
    if (!check_rank(file, out->ids, e) || !sample_shape(file, out->ids, &shape, e) || !check_uses(file, out, e))
        return false;
    out->transpose = transpose_of(file, onnx_text(out->gather->output[0]));
    out->length = shape.rank == 2 ? shape.dim[1] : 0;
    return out->length ||
           error_set(e, "input '%s' has %u dimensions: batch x tokens wanted", onnx_text(out->ids->name), shape.rank);
}

/* An integer input as a constant. */
static bool add_integers(struct graph *graph, const struct onnx_source *file, const Onnx__ValueInfoProto *info,
                         struct error *e) {
    const char *name = onnx_text(info->name);
    bool mask = strstr(name, "mask"), positions = strstr(name, "position");
    struct shape shape;

    if (!sample_shape(file, info, &shape, e)) return false;
    size_t count = shape_count(&shape), length = shape.dim[shape.rank - 1];
    int64_t *values = calloc(count, sizeof *values);
    if (!values) return error_memory(e);
    for (size_t k = 0; k < count; k++) values[k] = mask ? 1 : positions ? (int64_t)(k % length) : 0;
    bool ok = graph_add_ints(graph, name, &shape, values, e);
    free(values);
    return ok;
}

bool onnx_cut_inputs(const struct onnx_cut *cut, const struct onnx_source *file, struct graph *graph, struct error *e) {
    const Onnx__GraphProto *proto = file->proto;
    struct onnx_array table;
    bool ok = onnx_array_read(cut->table, &table, e);
    const char *ids = onnx_text(cut->ids->name);
    char *input = cut->transpose ? text_copy(onnx_text(cut->transpose->output[0])) : text_format("%s.embedding", ids);

    if (ok && !input) ok = error_memory(e);
    if (ok && !table.floats) ok = error_set(e, "the embedding '%s' holds integers", onnx_text(cut->table->name));
    ok = ok &&
         graph_add_tokens(graph, input, ids, onnx_text(cut->table->name), &table.shape, table.floats, cut->length, e);
    onnx_array_finish(&table);
    free(input);
    for (size_t i = 0; ok && i < proto->n_input; i++) {
        const char *name = onnx_text(proto->input[i]->name);
        if (!file->open[i] || !user_of(file, cut, name, true)) continue;
        ok = is_integer(proto->input[i]) ? add_integers(graph, file, proto->input[i], e) : onnx_feed_refuse(file, e);
    }
    return ok;
}

bool onnx_cut_has(const struct onnx_cut *cut, const Onnx__NodeProto *node) {
    return cut->gather && (node == cut->gather || node == cut->transpose);
}

bool onnx_cut_node(const struct onnx_cut *cut, const Onnx__NodeProto *node, struct graph *graph, struct error *e) {
    if (cut->transpose) return true; /* the graph's input is what it gives */
    static const int64_t order[] = {0, 2, 1};
    const struct attribute perm = {.name = "perm", .kind = ATTRIBUTE_INTS, .ints = order, .count = 3};
    const char *input = graph->tokens->input, *output = onnx_text(cut->gather->output[0]);
    return graph_add_node(graph, "Transpose", onnx_text(node->name), &input, 1, &output, 1, &perm, 1, e);
}
