/* onnx_save.c: a variant of a network as an ONNX file. */
#include "nn/onnx.h"
#include "nn/onnx_proto.h"
#include "nn/onnx_roles.h"
#include "nn/op.h"
#include "nn/ops/recurrent.h"

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define IR_VERSION 9
#define SIZE_LIMIT INT32_MAX /* protobuf's own */

/* The messages live until the file is written and are freed together; what they point to in the graph is borrowed.
 * protobuf-c wants pointers to char and float, but packing does not write through them. */
struct writer {
    const struct weights *weights;
    const struct graph *graph;
    void **blocks;
    size_t count;
};

static char *borrow(const char *text) {
    return (char *)text;
}

/* Zeroed; NULL when out of memory. */
static void *take(struct writer *w, size_t n, size_t size) {
    void **blocks = array_grow(w->blocks, w->count, sizeof *blocks);
    if (!blocks) return NULL;
    w->blocks = blocks;
    void *block = calloc(n ? n : 1, size);
    if (block) w->blocks[w->count++] = block;
    return block;
}

static void writer_finish(struct writer *w) {
    for (size_t i = 0; i < w->count; i++) free(w->blocks[i]);
    free(w->blocks);
}

/* ---- Tensors and value types ---- */

static Onnx__TensorProto *make_tensor(struct writer *w, uint32_t index) {
    const struct value *value = &w->graph->values[index];
    const float *floats = value->kind == VALUE_PARAMETER ? w->weights->data[index] : value->data;
    Onnx__TensorProto *t = take(w, 1, sizeof *t);
    int64_t *dims = take(w, value->shape.rank, sizeof *dims);
    if (!t || !dims) return NULL;
    onnx__tensor_proto__init(t);
    for (uint32_t i = 0; i < value->shape.rank; i++) dims[i] = (int64_t)value->shape.dim[i];
    size_t size = floats ? sizeof *floats : sizeof *value->ints;
    t->name = value->name;
    t->n_dims = value->shape.rank;
    t->dims = dims;
    t->has_data_type = true;
    t->data_type = floats ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT : ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    if (value->kind == VALUE_CONSTANT && floats && shape_count(&value->shape) != 1)
        t->doc_string = borrow(ONNX_NO_PARAMETER);
    t->has_raw_data = true;
    t->raw_data.len = shape_count(&value->shape) * size;
    t->raw_data.data = floats ? (uint8_t *)floats : (uint8_t *)value->ints;
    return t;
}

static Onnx__TensorShapeProto *make_shape(struct writer *w, const struct shape *shape, bool batched) {
    Onnx__TensorShapeProto *out = take(w, 1, sizeof *out);
    Onnx__TensorShapeProto__Dimension *rows = take(w, shape->rank, sizeof *rows);
    Onnx__TensorShapeProto__Dimension **dims = take(w, shape->rank, sizeof *dims);
    if (!out || !rows || !dims) return NULL;
    onnx__tensor_shape_proto__init(out);
    for (uint32_t i = 0; i < shape->rank; i++) {
        dims[i] = &rows[i];
        onnx__tensor_shape_proto__dimension__init(dims[i]);
        if (batched && i == 0) {
            dims[i]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dims[i]->dim_param = borrow("N");
        } else {
            dims[i]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dims[i]->dim_value = (int64_t)shape->dim[i];
        }
    }
    out->n_dim = shape->rank;
    out->dim = dims;
    return out;
}

/* The one-element list of the network's input or output. */
static Onnx__ValueInfoProto **make_end(struct writer *w, uint32_t index) {
    const struct value *value = &w->graph->values[index];
    Onnx__ValueInfoProto **list = take(w, 1, sizeof *list), *info = take(w, 1, sizeof *info);
    Onnx__TypeProto *type = take(w, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = take(w, 1, sizeof *tensor);
    Onnx__TensorShapeProto *shape = make_shape(w, &value->shape, value->batched && !w->graph->single);
    if (!list || !info || !type || !tensor || !shape) return NULL;
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = true;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    info->name = value->name;
    info->type = type;
    *list = info;
    return list;
}

/* ---- Nodes ---- */

static void set_attribute(const struct attribute *from, Onnx__AttributeProto *to) {
    onnx__attribute_proto__init(to);
    to->name = borrow(from->name);
    to->has_type = true;
    switch (from->kind) {
    case ATTRIBUTE_INT:
        to->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        to->has_i = true;
        to->i = from->integer;
        break;
    case ATTRIBUTE_FLOAT:
        to->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        to->has_f = true;
        to->f = from->number;
        break;
    case ATTRIBUTE_TEXT:
        to->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        to->has_s = true;
        to->s.len = strlen(from->text);
        to->s.data = (uint8_t *)from->text;
        break;
    case ATTRIBUTE_INTS:
        to->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        to->n_ints = from->count;
        to->ints = (int64_t *)from->ints;
        break;
    case ATTRIBUTE_FLOATS:
        to->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
        to->n_floats = from->count;
        to->floats = (float *)from->floats;
        break;
    }
}

static char **make_names(struct writer *w, const uint32_t *values, uint32_t count) {
    char **names = take(w, count, sizeof *names);
    for (uint32_t i = 0; names && i < count; i++)
        names[i] = values[i] == GRAPH_NONE ? borrow("") : w->graph->values[values[i]].name;
    return names;
}

static Onnx__NodeProto *make_node(struct writer *w, const struct node *node) {
    size_t n = node->attribute_count;
    Onnx__NodeProto *out = take(w, 1, sizeof *out);
    Onnx__AttributeProto *rows = take(w, n, sizeof *rows), **attributes = take(w, n, sizeof *attributes);
    char **inputs = make_names(w, node->inputs, node->input_count);
    char **outputs = make_names(w, node->outputs, node->output_count);
    if (!out || !rows || !attributes || !inputs || !outputs) return NULL;
    onnx__node_proto__init(out);
    for (size_t i = 0; i < n; i++) {
        set_attribute(&node->attributes[i], &rows[i]);
        attributes[i] = &rows[i];
    }
    out->name = node->name;
    out->op_type = borrow(node->op->name);
    out->n_input = node->input_count;
    out->input = inputs;
    out->n_output = node->output_count;
    out->output = outputs;
    out->n_attribute = n;
    out->attribute = attributes;
    return out;
}

/* ---- Tokens: what was cut off at load ---- */

static Onnx__NodeProto *make_plain(struct writer *w, const char *op, const char *first, const char *second,
                                   const char *output, const struct attribute *attribute) {
    Onnx__NodeProto *out = take(w, 1, sizeof *out);
    Onnx__AttributeProto *row = take(w, 1, sizeof *row), **attributes = take(w, 1, sizeof *attributes);
    char **inputs = take(w, 2, sizeof *inputs), **outputs = take(w, 1, sizeof *outputs);
    if (!out || !row || !attributes || !inputs || !outputs) return NULL;
    onnx__node_proto__init(out);
    set_attribute(attribute, row);
    attributes[0] = row;
    inputs[0] = borrow(first);
    inputs[1] = borrow(second);
    outputs[0] = borrow(output);
    out->op_type = borrow(op);
    out->n_input = second ? 2 : 1;
    out->input = inputs;
    out->n_output = 1;
    out->output = outputs;
    out->n_attribute = 1;
    out->attribute = attributes;
    return out;
}

/* Gather and Transpose in nodes[0] and nodes[1], the table in *tensor, and the input as the file has it. */
static bool make_tokens(struct writer *w, Onnx__NodeProto **nodes, Onnx__TensorProto **tensor,
                        Onnx__ValueInfoProto *input) {
    static const char rows[] = "assay.rows";
    static const int64_t order[] = {0, 2, 1};
    static const struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INT},
                                  perm = {.name = "perm", .kind = ATTRIBUTE_INTS, .ints = order, .count = 3};
    const struct tokens *t = w->graph->tokens;
    const struct shape ids = {2, {1, t->table.length}};
    Onnx__TensorProto *table = take(w, 1, sizeof *table);
    int64_t *dims = take(w, 2, sizeof *dims);
    nodes[0] = make_plain(w, "Gather", t->name, t->ids, rows, &axis);
    nodes[1] = make_plain(w, "Transpose", rows, NULL, t->input, &perm);
    if (!table || !dims || !nodes[0] || !nodes[1]) return false;
    onnx__tensor_proto__init(table);
    dims[0] = (int64_t)t->table.vocabulary;
    dims[1] = (int64_t)t->table.dimensions;
    table->name = t->name;
    table->n_dims = 2;
    table->dims = dims;
    table->has_data_type = true;
    table->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    table->has_raw_data = true;
    table->raw_data.len = t->table.vocabulary * t->table.dimensions * sizeof *t->table.rows;
    table->raw_data.data = (uint8_t *)t->table.rows;
    *tensor = table;
    input->name = t->ids;
    input->type->tensor_type->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    input->type->tensor_type->shape = make_shape(w, &ids, !w->graph->single);
    return input->type->tensor_type->shape;
}

/* ---- The model ---- */

static Onnx__GraphProto *make_graph(struct writer *w) {
    const struct graph *graph = w->graph;
    uint32_t count = graph->node_count - graph->added;
    Onnx__GraphProto *out = take(w, 1, sizeof *out);
    Onnx__NodeProto **nodes = take(w, count + 2u, sizeof *nodes);
    Onnx__TensorProto **tensors = take(w, graph->value_count + 1u, sizeof *tensors);
    Onnx__ValueInfoProto **input = make_end(w, graph->input), **output = make_end(w, graph->file_output);
    if (!out || !nodes || !tensors || !input || !output) return NULL;
    onnx__graph_proto__init(out);
    size_t first = graph->tokens ? 2 : 0;
    if (first && !make_tokens(w, nodes, &tensors[out->n_initializer++], *input)) return NULL;
    for (uint32_t i = 0; i < count; i++)
        if (!(nodes[first + i] = make_node(w, &graph->nodes[i]))) return NULL;
    for (uint32_t i = 0; i < graph->value_count; i++) {
        enum value_kind kind = graph->values[i].kind;
        if ((kind == VALUE_PARAMETER || kind == VALUE_CONSTANT) && !(tensors[out->n_initializer++] = make_tensor(w, i)))
            return NULL;
    }
    out->name = borrow("network");
    out->n_node = first + count;
    out->node = nodes;
    out->initializer = tensors;
    out->n_input = 1;
    out->input = input;
    out->n_output = 1;
    out->output = output;
    return out;
}

static bool write_model(const char *path, Onnx__GraphProto *graph, struct error *e) {
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets[] = {&opset};
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    opset.domain = borrow("");
    opset.has_version = true;
    opset.version = ONNX_OPSET;
    model.has_ir_version = true;
    model.ir_version = IR_VERSION;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.producer_name = borrow("assay");
    model.producer_version = borrow(ASSAY_VERSION);
    model.graph = graph;

    size_t size = onnx__model_proto__get_packed_size(&model);
    if (size > SIZE_LIMIT)
        return error_set(e, "%s: the network takes %zu bytes: an ONNX file holds at most %d", path, size, SIZE_LIMIT);
    uint8_t *data = malloc(size);
    if (!data) return error_memory(e);
    onnx__model_proto__pack(&model, data);
    bool ok = file_write(path, data, size, e);
    free(data);
    return ok;
}

/* ONNX has no number that stands for the batch: the file would need the nodes that compute it. */
static bool names_batch(const struct graph *graph) {
    for (uint32_t i = 0; i < graph->value_count; i++)
        for (size_t k = 0; graph->values[i].ints && k < shape_count(&graph->values[i].shape); k++)
            if (graph->values[i].ints[k] == GRAPH_BATCH) return true;
    return false;
}

/* What ONNX has no node for: an LSTM that gives the cells of all steps. */
static bool has_cells(const struct graph *graph) {
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (node_attribute(&graph->nodes[i], RECURRENT_CELLS)) return true;
    return false;
}

bool onnx_save(const char *path, const struct weights *weights, struct error *e) {
    struct writer writer = {.weights = weights, .graph = weights->graph};
    if (writer.graph->input == GRAPH_NONE) return error_set(e, "%s: the network has no input: nothing to write", path);
    if (has_cells(writer.graph))
        return error_set(e, "%s: the network reads the last cell of an LSTM (Y_c): not supported in writing", path);
    if (names_batch(writer.graph))
        return error_set(e, "%s: the network repeats a value for every sample (Expand): not supported in writing",
                         path);
    Onnx__GraphProto *graph = make_graph(&writer);
    bool ok = graph ? write_model(path, graph, e) : error_memory(e);
    writer_finish(&writer);
    return ok;
}
