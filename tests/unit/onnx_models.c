/* ONNX models that are wrong, each with its message, and which initialisers become parameters. */
#include "onnx_fixture.h"

#include "nn/onnx_proto.h"

TestSuite(onnx_models, .init = onnx_enter, .fini = onnx_leave);

/* ---- Models that are well-formed and wrong ---- */

static Onnx__NodeProto *node_of(Onnx__ModelProto *m, const char *op) {
    for (size_t i = 0; i < m->graph->n_node; i++)
        if (strcmp(m->graph->node[i]->op_type, op) == 0) return m->graph->node[i];
    cr_assert_fail("no %s", op);
    return NULL;
}

static void set_text(char **field, const char *text) {
    free(*field);
    *field = strdup(text);
    cr_assert_not_null(*field);
}

static void other_op(Onnx__ModelProto *m) {
    set_text(&node_of(m, "Relu")->op_type, "Hardmax");
}
static void other_domain(Onnx__ModelProto *m) {
    set_text(&node_of(m, "Relu")->domain, "com.example");
}
static void no_graph(Onnx__ModelProto *m) {
    onnx_free(&m->graph->base);
    m->graph = NULL;
}
static void no_output(Onnx__ModelProto *m) {
    onnx_free(&m->graph->output[0]->base);
    m->graph->n_output = 0;
}
static void other_output(Onnx__ModelProto *m) {
    set_text(&m->graph->output[0]->name, "nowhere");
}
static void no_input(Onnx__ModelProto *m) {
    onnx_free(&m->graph->input[0]->base);
    m->graph->n_input = 0;
}
static void two_inputs(Onnx__ModelProto *m) {
    Onnx__ValueInfoProto **list = realloc(m->graph->input, 2 * sizeof *list), *extra = calloc(1, sizeof *extra);
    cr_assert(list && extra);
    onnx__value_info_proto__init(extra);
    set_text(&extra->name, "extra");
    list[1] = extra;
    m->graph->input = list;
    m->graph->n_input = 2;
    set_text(&node_of(m, "Conv")->input[1], "extra");
}
static Onnx__TensorShapeProto *input_dims(Onnx__ModelProto *m) {
    return m->graph->input[0]->type->tensor_type->shape;
}
static void free_height(Onnx__ModelProto *m) {
    input_dims(m)->dim[2]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
}
static void absurd_input(Onnx__ModelProto *m) {
    for (int i = 1; i < 4; i++) input_dims(m)->dim[i]->dim_value = INT64_MAX;
}
static void other_channels(Onnx__ModelProto *m) {
    input_dims(m)->dim[1]->dim_value = 3;
}
static void integer_input(Onnx__ModelProto *m) {
    m->graph->input[0]->type->tensor_type->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
}
static void shapeless_input(Onnx__ModelProto *m) {
    onnx_free(&input_dims(m)->base);
    m->graph->input[0]->type->tensor_type->shape = NULL;
}
static void absurd_tensor(Onnx__ModelProto *m) {
    Onnx__TensorProto *t = m->graph->initializer[0];
    for (size_t i = 0; i < t->n_dims; i++) t->dims[i] = INT64_MAX / 2;
}
static void negative_tensor(Onnx__ModelProto *m) {
    m->graph->initializer[0]->dims[0] = -2;
}
static void short_tensor(Onnx__ModelProto *m) {
    m->graph->initializer[0]->raw_data.len -= 4;
}
static void other_type(Onnx__ModelProto *m) {
    m->graph->initializer[0]->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__COMPLEX64;
}
static void unknown_type(Onnx__ModelProto *m) {
    m->graph->initializer[0]->data_type = 77;
}
static void external(Onnx__ModelProto *m) {
    m->graph->initializer[0]->has_data_location = true;
    m->graph->initializer[0]->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}
static void absurd_stride(Onnx__ModelProto *m) {
    Onnx__NodeProto *conv = node_of(m, "Conv");
    for (size_t i = 0; i < conv->n_attribute; i++)
        if (strcmp(conv->attribute[i]->name, "pads") == 0) conv->attribute[i]->ints[0] = INT64_MAX;
}
static void training(Onnx__ModelProto *m) {
    m->opset_import[0]->version = 6;
}
static void defined_twice(Onnx__ModelProto *m) {
    set_text(&node_of(m, "Relu")->output[0], node_of(m, "Conv")->output[0]);
}
static void circle(Onnx__ModelProto *m) {
    set_text(&node_of(m, "Conv")->input[0], node_of(m, "Relu")->output[0]);
}
static void graph_attribute(Onnx__ModelProto *m) {
    node_of(m, "Conv")->attribute[0]->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
}
static void control_characters(Onnx__ModelProto *m) {
    set_text(&node_of(m, "Relu")->op_type, "\033[2J");
}

static const struct {
    void (*change)(Onnx__ModelProto *);
    const char *wanted[2]; /* both are part of the message */
} wrong[] = {
    {other_op, {"'relu1'", "'Hardmax'"}},
    {other_domain, {"node 'relu1' (Relu)", "domain 'com.example'"}},
    {no_graph, {"no ONNX model", "no graph"}},
    {no_output, {"no output", "wanted one"}},
    {other_output, {"nowhere", ""}},
    {no_input, {"", "input"}},
    {two_inputs, {"several inputs", "'extra'"}},
    {free_height, {"input 'input' has no fixed size in dimension 2", "export the model"}},
    {absurd_input, {"input 'input'", "too many elements"}},
    {other_channels, {"conv1", ""}},
    {integer_input, {"input 'input'", "wanted FLOAT"}},
    {shapeless_input, {"input 'input' has no shape", "batch"}},
    {absurd_tensor, {"tensor 'conv1.weight'", "more elements"}},
    {negative_tensor, {"tensor 'conv1.weight'", "dimension -2"}},
    {short_tensor, {"tensor 'conv1.weight' holds 17 elements", "2x1x3x3 wants 18"}},
    {other_type, {"tensor 'conv1.weight'", "type COMPLEX64"}},
    {unknown_type, {"tensor 'conv1.weight'", "type unknown"}},
    {external, {"tensor 'conv1.weight'", "external data"}},
    {absurd_stride, {"conv1", "pads"}},
    {training, {"node 'batchnorm1' (BatchNormalization)", "training mode"}},
    {defined_twice, {"conv1.out", "defined twice"}},
    {circle, {"", "c"}},
    {graph_attribute, {"node 'conv1' (Conv)", "attribute 'kernel_shape'"}},
    {control_characters, {"'relu1'", "'?[2J'"}},
};

Test(onnx_models, wrong_models) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Onnx__ModelProto *model = (Onnx__ModelProto *)onnx_unpack(&onnx__model_proto__descriptor, good, good_size);
        struct error e = {""};
        struct graph *graph;
        cr_assert_not_null(model);
        wrong[i].change(model);
        size_t size = onnx__model_proto__get_packed_size(model);
        uint8_t *bytes = malloc(size);
        cr_assert_not_null(bytes);
        onnx__model_proto__pack(model, bytes);
        cr_expect_not(load_bytes(bytes, size, &graph, &e), "case %zu", i);
        for (int k = 0; k < 2; k++)
            cr_expect_not_null(strstr(e.text, wrong[i].wanted[k]), "case %zu: '%s' lacks '%s'", i, e.text,
                               wrong[i].wanted[k]);
        cr_expect_eq(strncmp(e.text, PATH ":", strlen(PATH) + 1), 0, "case %zu: %s", i, e.text);
        free(bytes);
        onnx_free(&model->base);
    }
}

/* ---- Parameters and constants ---- */

static void make_tensor(Onnx__TensorProto *t, const char *name, int64_t *dims, size_t rank, float *data, size_t n) {
    onnx__tensor_proto__init(t);
    t->name = (char *)name;
    t->dims = dims;
    t->n_dims = rank;
    t->has_data_type = true;
    t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->float_data = data;
    t->n_float_data = n;
}

static void make_node(Onnx__NodeProto *n, const char *op, char **names, size_t inputs) {
    onnx__node_proto__init(n);
    n->op_type = (char *)op;
    n->n_input = inputs;
    n->input = names;
    n->n_output = 1;
    n->output = names + inputs;
}

/* x -> MatMul(Reshape(w)) -> Add(shift) -> Mul(scale), by CNTK's habit; w is listed as an input too. */
struct cntk {
    float data[12];
    int64_t dims[4][2], shape[2];
    Onnx__TensorProto tensors[4], *tensor_list[4];
    Onnx__NodeProto nodes[4], *node_list[4];
    Onnx__TensorShapeProto__Dimension batch, four, *dim_list[2];
    Onnx__TensorShapeProto input_shape;
    Onnx__TypeProto__Tensor tensor_type;
    Onnx__TypeProto type;
    Onnx__ValueInfoProto x, y, w, *inputs[2], *outputs[1];
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__ModelProto model;
};

static void make_operators(struct cntk *m) {
    static char *names[][3] = {{"w", "shape", "w2"}, {"x", "w2", "a"}, {"a", "shift", "b"}, {"b", "scale", "y"}};
    static const char *const ops[] = {"Reshape", "MatMul", "Add", "Mul"};
    static const int64_t dims[4][2] = {{12, 1}, {1, 1}, {1, 3}, {2, 0}};
    memcpy(m->dims, dims, sizeof dims);
    m->shape[0] = 4;
    m->shape[1] = 3;
    make_tensor(&m->tensors[0], "w", m->dims[0], 2, m->data, 12);
    make_tensor(&m->tensors[1], "scale", m->dims[1], 2, m->data, 1);
    make_tensor(&m->tensors[2], "shift", m->dims[2], 2, m->data, 3);
    make_tensor(&m->tensors[3], "shape", m->dims[3], 1, NULL, 0);
    m->tensors[3].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    m->tensors[3].int64_data = m->shape;
    m->tensors[3].n_int64_data = 2;
    for (int i = 0; i < 4; i++) {
        m->tensor_list[i] = &m->tensors[i];
        make_node(m->node_list[i] = &m->nodes[i], ops[i], names[i], 2);
    }
}

static void make_ends(struct cntk *m) {
    onnx__tensor_shape_proto__dimension__init(m->dim_list[0] = &m->batch);
    onnx__tensor_shape_proto__dimension__init(m->dim_list[1] = &m->four);
    m->four.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    m->four.dim_value = 4;
    onnx__tensor_shape_proto__init(&m->input_shape);
    m->input_shape.n_dim = 2;
    m->input_shape.dim = m->dim_list;
    onnx__type_proto__tensor__init(&m->tensor_type);
    m->tensor_type.elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    m->tensor_type.shape = &m->input_shape;
    onnx__type_proto__init(&m->type);
    m->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    m->type.tensor_type = &m->tensor_type;
    onnx__value_info_proto__init(m->inputs[0] = &m->w);
    onnx__value_info_proto__init(m->inputs[1] = &m->x);
    onnx__value_info_proto__init(m->outputs[0] = &m->y);
    m->w.name = "w";
    m->x.name = "x";
    m->x.type = &m->type;
    m->y.name = "y";
}

static void make_model(struct cntk *m) {
    make_operators(m);
    make_ends(m);
    onnx__graph_proto__init(&m->graph);
    m->graph.n_node = m->graph.n_initializer = 4;
    m->graph.node = m->node_list;
    m->graph.initializer = m->tensor_list;
    m->graph.n_input = 2;
    m->graph.input = m->inputs;
    m->graph.n_output = 1;
    m->graph.output = m->outputs;
    onnx__operator_set_id_proto__init(m->opsets[0] = &m->opset);
    m->opset.version = 8;
    onnx__model_proto__init(&m->model);
    m->model.graph = &m->graph;
    m->model.n_opset_import = 1;
    m->model.opset_import = m->opsets;
}

/* The rule of onnx.h. */
Test(onnx_models, which_initialisers_are_parameters) {
    struct cntk model = {.data = {0}};
    struct error e = {""};
    struct graph *g;
    make_model(&model);
    cr_assert(onnx_build(&model.model, &g, &e), "%s", e.text);
    unsigned parameters = 0;
    for (uint32_t i = 0; i < g->value_count; i++) {
        const struct value *v = &g->values[i];
        parameters += v->kind == VALUE_PARAMETER;
        if (strcmp(v->name, "scale") == 0) cr_expect_eq(v->kind, VALUE_CONSTANT);
        if (v->kind == VALUE_PARAMETER && v->name[0] == 'w')
            cr_expect(v->shape.dim[0] == 4 && v->shape.dim[1] == 3, "the reshaped weight is the parameter");
    }
    cr_expect_eq(parameters, 2, "w and shift");
    cr_assert_eq(g->layer_count, 1);
    cr_expect_eq(g->layers[0].parameter_count, 2);
    graph_destroy(g);
}
