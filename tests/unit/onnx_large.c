/* Files of many nodes: loading takes steps in proportion to them. */
#include "nn/net.h"
#include "nn/onnx_proto.h"
#include "nn/weights.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS 5u
#define NAME 32

/* A model in memory, from arrays that are as large as it is. */
struct chain {
    uint32_t links;
    Onnx__NodeProto *nodes, **node_list;
    Onnx__TensorProto *tensors, **tensor_list;
    Onnx__AttributeProto axis, *attributes[1];
    char (*names)[NAME];
    char **inputs;
    size_t node_count, tensor_count, name_count, input_count;
};

static char *name(struct chain *c, const char *kind, uint32_t i) {
    char *text = c->names[c->name_count++];
    snprintf(text, NAME, "%s%u", kind, i);
    return text;
}

static char *tensor(struct chain *c, const char *kind, uint32_t i, int32_t type, size_t rank, const int64_t *dims,
                    const void *data, size_t bytes) {
    Onnx__TensorProto *t = &c->tensors[c->tensor_count];
    onnx__tensor_proto__init(t);
    t->name = name(c, kind, i);
    t->has_data_type = true;
    t->data_type = type;
    t->n_dims = rank;
    t->dims = (int64_t *)dims;
    t->has_raw_data = true;
    t->raw_data = (ProtobufCBinaryData){bytes, (uint8_t *)data};
    c->tensor_list[c->tensor_count++] = t;
    return t->name;
}

/* Nodes of one operator all have the name "/block/OPERATOR". */
static char *node(struct chain *c, const char *op, char *in, char *second, char *third) {
    static char names[KINDS][NAME];
    size_t kind = c->node_count % KINDS;
    Onnx__NodeProto *n = &c->nodes[c->node_count];
    snprintf(names[kind], NAME, "/block/%s", op);
    onnx__node_proto__init(n);
    n->name = names[kind];
    n->op_type = names[kind] + strlen("/block/");
    n->input = c->inputs + c->input_count;
    n->n_input = third ? 3 : second ? 2 : 1;
    n->input[0] = in;
    n->input[1] = second;
    n->input[2] = third;
    c->input_count += 3;
    n->output = c->inputs + c->input_count++;
    n->n_output = 1;
    n->output[0] = name(c, op, (uint32_t)c->node_count);
    c->node_list[c->node_count++] = n;
    return n->output[0];
}

static void chain_begin(struct chain *c, uint32_t links) {
    size_t most = (size_t)links * KINDS;
    *c = (struct chain){.links = links};
    c->nodes = calloc(most, sizeof *c->nodes);
    c->node_list = calloc(most, sizeof *c->node_list);
    c->tensors = calloc(most, sizeof *c->tensors);
    c->tensor_list = calloc(most, sizeof *c->tensor_list);
    c->names = calloc(2 * most, sizeof *c->names);
    c->inputs = calloc(4 * most, sizeof *c->inputs);
    cr_assert(c->nodes && c->node_list && c->tensors && c->tensor_list && c->names && c->inputs);
}

static void chain_finish(struct chain *c) {
    free(c->nodes);
    free(c->node_list);
    free(c->tensors);
    free(c->tensor_list);
    free(c->names);
    free(c->inputs);
}

/* What has been looked for in all nodes or values before: a name that is taken (of layers and of shapes), the tensor of
 * a name (Dropout, Split), the value of a name (Softmax), the readers of a value (Reshape). */
static void add_links(struct chain *c, char *input) {
    static const float weight[16], ratio = .5f;
    static const int64_t square[] = {4, 4}, one[] = {1}, two[] = {2}, shape[] = {1, 4}, all = 4;
    static const uint8_t off = 0;
    const int32_t real = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, whole = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    char *at = input;
    onnx__attribute_proto__init(&c->axis);
    c->axis.name = (char *)"axis";
    c->axis.has_type = c->axis.has_i = true;
    c->axis.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    c->axis.i = 1;
    c->attributes[0] = &c->axis;
    for (uint32_t i = 0; i < c->links; i++) {
        at = node(c, "MatMul", at, tensor(c, "onnx::", i, real, 2, square, weight, sizeof weight), NULL);
        at = node(c, "Dropout", at, tensor(c, "ratio", i, real, 0, NULL, &ratio, sizeof ratio),
                  tensor(c, "mode", i, ONNX__TENSOR_PROTO__DATA_TYPE__BOOL, 0, NULL, &off, 1));
        at = node(c, "Reshape", at, tensor(c, "shape", i, whole, 1, two, shape, sizeof shape), NULL);
        at = node(c, "Softmax", at, NULL, NULL);
        at = node(c, "Split", at, tensor(c, "size", i, whole, 1, one, &all, sizeof all), NULL);
        for (size_t k = 1; k <= 2; k++) {
            c->nodes[c->node_count - k].n_attribute = 1;
            c->nodes[c->node_count - k].attribute = c->attributes;
        }
    }
}

static bool load(struct chain *c, struct graph **out, struct error *e) {
    Onnx__TensorShapeProto__Dimension batch = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT, width = batch;
    Onnx__TensorShapeProto__Dimension *dims[] = {&batch, &width};
    Onnx__TensorShapeProto shape = ONNX__TENSOR_SHAPE_PROTO__INIT;
    Onnx__TypeProto__Tensor tensor_type = ONNX__TYPE_PROTO__TENSOR__INIT;
    Onnx__TypeProto type = ONNX__TYPE_PROTO__INIT;
    Onnx__ValueInfoProto in = ONNX__VALUE_INFO_PROTO__INIT, result = in, *ins[] = {&in}, *outs[] = {&result};
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__OperatorSetIdProto set = ONNX__OPERATOR_SET_ID_PROTO__INIT, *sets[] = {&set};
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    width.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    width.dim_value = 4;
    shape.n_dim = 2;
    shape.dim = dims;
    tensor_type.has_elem_type = true;
    tensor_type.elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor_type.shape = &shape;
    type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type.tensor_type = &tensor_type;
    in.name = (char *)"x";
    in.type = &type;
    add_links(c, in.name);
    result.name = c->node_list[c->node_count - 1]->output[0];
    graph.n_node = c->node_count;
    graph.node = c->node_list;
    graph.n_initializer = c->tensor_count;
    graph.initializer = c->tensor_list;
    graph.n_input = graph.n_output = 1;
    graph.input = ins;
    graph.output = outs;
    set.has_version = true;
    set.version = 12;
    model.n_opset_import = 1;
    model.opset_import = sets;
    model.graph = &graph;
    return onnx_build(&model, out, e);
}

/* Half a second for 100,000 nodes; when each looked through the others it was hours. */
Test(onnx_large, a_long_chain, .timeout = 60) {
    struct chain chain;
    struct graph *graph = NULL;
    struct weights *weights = NULL;
    struct net *net = NULL;
    struct error e = {""};
    float x[4] = {1, 2, 3, 4}, logits[4];
    chain_begin(&chain, 20000);
    cr_assert(load(&chain, &graph, &e), "%s", e.text);
    cr_expect_eq(graph->layer_count, 20000);
    cr_expect_str_eq(graph->layers[0].name, "block");
    cr_expect_str_eq(graph->layers[19999].name, "block_20000");
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
    cr_assert(net_create(weights, &net, &e), "%s", e.text);
    cr_assert(net_forward(net, 1, x, logits, &e), "%s", e.text);
    cr_expect_eq(logits[0], .25f);
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(graph);
    chain_finish(&chain);
}
