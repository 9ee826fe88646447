/* Networks of tokens: cut behind the embedding, there and back, and with inputs that become constants. */
#include "onnx_fixture.h"
#include "onnx_text.h"

#include "data/dataset.h"
#include "nn/net.h"
#include "nn/onnx_proto.h"

TestSuite(tokens, .init = scratch_enter, .fini = scratch_leave);

/* ---- Data ---- */

Test(tokens, are_looked_up_in_the_table) {
    float rows[] = {0, 0, 1, 2, 3, 4}, x[8];
    const float due[8] = {3, 1, 0, 0, 4, 2, 0, 0}; /* dimensions x length; padding is token 0 */
    const struct token_table table = {rows, 3, 2, 4};
    struct dataset *d;
    struct error e = {""};
    scratch_put("t.csv", "a,b,label\n2,1,0\n0,2,1\n", strlen("a,b,label\n2,1,0\n0,2,1\n"));
    cr_assert(dataset_load("csv:t.csv", "none", &d, &e), "%s", e.text);
    cr_assert(dataset_embed(d, &table, "t", &e), "%s", e.text);
    cr_expect(shape_equal(&d->sample, &(struct shape){2, {2, 4}}));
    cr_assert(dataset_sample(d, 0, x, &e));
    cr_expect_arr_eq(x, due, sizeof due);
    dataset_destroy(d);
}

Test(tokens, that_are_no_rows_are_refused) {
    float rows[6] = {0};
    static const struct {
        const char *text, *preset;
        size_t length;
        const char *wanted;
    } cases[] = {
        {"a,b,label\n2,1,0\n0,3,1\n", "none", 4, "t: sample 1 has token 3 in place 1: a whole number below 3 wanted"},
        {"a,b,label\n2,-1,0\n", "none", 4, "t: sample 0 has token -1 in place 1"},
        {"a,b,label\n.5,1,0\n", "none", 4, "t: sample 0 has token 0.5 in place 0"},
        {"a,b,label\n1,1,0\n", "none", 1, "t: up to 1 numbers of tokens a sample wanted"},
        {"a,b,label\n1,1,0\n", "unit", 4, "not preprocessed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct token_table table = {rows, 3, 2, cases[i].length};
        struct dataset *d;
        struct error e = {""};
        scratch_put("t.csv", cases[i].text, strlen(cases[i].text));
        cr_assert(dataset_load("csv:t.csv", cases[i].preset, &d, &e), "%s", e.text);
        cr_expect_not(dataset_embed(d, &table, "t", &e), "case %zu", i);
        cr_expect(strstr(e.text, cases[i].wanted), "case %zu: %s", i, e.text);
        dataset_destroy(d);
    }
}

/* ---- There and back ---- */

Test(tokens, there_and_back_is_exact) {
    const struct shape sample = {1, {6}};
    const struct init_options options = {.scheme = &init_normal, .sigma = .5, .seed = 1};
    struct error e = {""};
    struct graph *first, *second;
    struct weights *weights, *again;
    uint8_t *a, *b;
    size_t a_size, b_size;
    cr_assert(arch_build("embed:5x3,conv:4x3+1,relu,globalavgpool,fc:2", &sample, &first, &e), "%s", e.text);
    cr_expect(shape_equal(&first->sample, &(struct shape){2, {3, 6}}));
    cr_assert(weights_create(first, &weights, &e));
    for (uint32_t i = 0; i < first->layer_count; i++) cr_assert(weights_redraw(weights, i, &options, &e));
    cr_assert(onnx_save("a.onnx", weights, &e), "%s", e.text);
    cr_assert(onnx_load("a.onnx", &second, &e), "%s", e.text);
    cr_assert_not_null(second->tokens);
    cr_expect_str_eq(second->tokens->ids, "tokens");
    cr_expect_str_eq(second->tokens->name, "embedding.weight");
    cr_expect_eq(second->tokens->table.length, 6);
    cr_expect_arr_eq(second->tokens->table.rows, first->tokens->table.rows, 15 * sizeof(float));
    cr_expect_eq(second->node_count, first->node_count);
    cr_expect_eq(second->layer_count, 2, "the embedding is no layer");
    cr_assert(weights_create(second, &again, &e));
    cr_assert(onnx_save("b.onnx", again, &e), "%s", e.text);
    cr_assert(file_read("a.onnx", &a, &a_size, &e) && file_read("b.onnx", &b, &b_size, &e));
    cr_assert_eq(a_size, b_size);
    cr_expect_arr_eq(a, b, a_size);
    free(a);
    free(b);
    weights_destroy(weights);
    weights_destroy(again);
    graph_destroy(first);
    graph_destroy(second);
}

/* ---- Files with several inputs, as transformers have them ---- */

struct integers {
    Onnx__TensorShapeProto__Dimension dims[2], *list[2];
    Onnx__TensorShapeProto shape;
    Onnx__TypeProto__Tensor tensor;
    Onnx__TypeProto type;
    Onnx__ValueInfoProto info;
};

static void make_input(struct integers *t, char *name, int64_t length) {
    onnx__tensor_shape_proto__init(&t->shape);
    onnx__type_proto__init(&t->type);
    onnx__type_proto__tensor__init(&t->tensor);
    onnx__value_info_proto__init(&t->info);
    for (int i = 0; i < 2; i++) {
        t->list[i] = &t->dims[i];
        onnx__tensor_shape_proto__dimension__init(&t->dims[i]);
        t->dims[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        t->dims[i].dim_value = i ? length : 1;
    }
    t->shape.n_dim = 2;
    t->shape.dim = t->list;
    t->tensor.has_elem_type = true;
    t->tensor.elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    t->tensor.shape = &t->shape;
    t->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    t->type.tensor_type = &t->tensor;
    t->info.name = name;
    t->info.type = &t->type;
}

struct model {
    struct integers inputs[3];
    Onnx__ValueInfoProto *input_list[3], output, *output_list[1];
    Onnx__TensorProto table, *tensors[1];
    int64_t dims[2];
    float rows[8];
    Onnx__NodeProto nodes[5], *node_list[5];
    char *names[5][3], *outputs[5];
    Onnx__AttributeProto to[2], *to_list[2];
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__ModelProto proto;
};

static void add_node(struct model *m, char *op, char *first, char *second, char *output) {
    size_t n = m->graph.n_node++;
    onnx__node_proto__init(&m->nodes[n]);
    m->names[n][0] = first;
    m->names[n][1] = second;
    m->outputs[n] = output;
    m->nodes[n].op_type = op;
    m->nodes[n].n_input = second ? 2 : 1;
    m->nodes[n].input = m->names[n];
    m->nodes[n].n_output = 1;
    m->nodes[n].output = &m->outputs[n];
    m->node_list[n] = &m->nodes[n];
}

static void add_cast(struct model *m, char *from, char *output) {
    static char to[] = "to";
    static char op[] = "Cast";
    add_node(m, op, from, NULL, output);
    size_t n = m->graph.n_node - 1;
    Onnx__AttributeProto *a = &m->to[n == 1 ? 0 : 1];
    onnx__attribute_proto__init(a);
    a->name = to;
    a->has_type = a->has_i = true;
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->i = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    m->to_list[n == 1 ? 0 : 1] = a;
    m->nodes[n].n_attribute = 1;
    m->nodes[n].attribute = &m->to_list[n == 1 ? 0 : 1];
}

/* sum = table[ids] + (mask + positions): the embedding of a transformer in miniature. */
static void make_model(struct model *m, int64_t length) {
    static char ids[] = "input_ids", mask[] = "attention_mask", positions[] = "position_ids", table[] = "table",
                rows[] = "rows", a[] = "a", b[] = "b", sum[] = "sum", pair[] = "pair", gather[] = "Gather",
                add[] = "Add", name[] = "g";
    static char *const inputs[] = {ids, mask, positions};
    memset(m, 0, sizeof *m);
    onnx__model_proto__init(&m->proto);
    onnx__graph_proto__init(&m->graph);
    onnx__operator_set_id_proto__init(&m->opset);
    onnx__tensor_proto__init(&m->table);
    onnx__value_info_proto__init(&m->output);
    for (int i = 0; i < 3; i++) {
        make_input(&m->inputs[i], inputs[i], length);
        m->input_list[i] = &m->inputs[i].info;
    }
    for (int i = 0; i < 8; i++) m->rows[i] = (float)(i * i);
    m->dims[0] = 4;
    m->dims[1] = 2;
    m->table.name = table;
    m->table.n_dims = 2;
    m->table.dims = m->dims;
    m->table.has_data_type = true;
    m->table.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    m->table.n_float_data = 8;
    m->table.float_data = m->rows;
    m->tensors[0] = &m->table;
    add_node(m, gather, table, ids, rows);
    add_cast(m, mask, a);
    add_cast(m, positions, b);
    add_node(m, add, a, b, pair);
    add_node(m, add, rows, pair, sum);
    m->output.name = sum;
    m->output_list[0] = &m->output;
    m->graph.name = name;
    m->graph.node = m->node_list;
    m->graph.n_input = 3;
    m->graph.input = m->input_list;
    m->graph.n_output = 1;
    m->graph.output = m->output_list;
    m->graph.n_initializer = 1;
    m->graph.initializer = m->tensors;
    m->opset.has_version = true;
    m->opset.version = 17;
    m->opsets[0] = &m->opset;
    m->proto.n_opset_import = 1;
    m->proto.opset_import = m->opsets;
    m->proto.graph = &m->graph;
}

/* With length = dimensions = 2 the sum [1, 2, 2] + [1, 2] adds mask + position along the dimensions. */
Test(tokens, other_integer_inputs_become_constants) {
    struct model m;
    struct error e = {""};
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    make_model(&m, 2);
    cr_assert(onnx_build(&m.proto, &graph, &e), "%s", e.text);
    cr_assert_not_null(graph->tokens);
    cr_expect_str_eq(graph->tokens->ids, "input_ids");
    cr_expect(shape_equal(&graph->sample, &(struct shape){2, {2, 2}}));
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
    cr_assert(net_create(weights, &net, &e), "%s", e.text);
    const float x[] = {10, 20, 30, 40}; /* dimension 0 of both tokens, then dimension 1 */
    const float due[] = {11, 32, 21, 42};
    float out[4];
    cr_assert(net_forward(net, 1, x, out, &e), "%s", e.text);
    cr_expect_arr_eq(out, due, sizeof due, "%g %g %g %g", (double)out[0], (double)out[1], (double)out[2],
                     (double)out[3]);
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(graph);
}

Test(tokens, what_cannot_be_cut_is_said) {
    static char ids[] = "input_ids";
    struct model m;
    struct error e = {""};
    struct graph *graph;
    make_model(&m, 0);
    cr_expect_not(onnx_build(&m.proto, &graph, &e));
    cr_expect(strstr(e.text, "input 'input_ids' has no fixed size in dimension 1: say the shape of a sample"), "%s",
              e.text);
    make_model(&m, 2);
    m.names[1][0] = ids;
    cr_expect_not(onnx_build(&m.proto, &graph, &e));
    cr_expect(strstr(e.text, "uses the tokens 'input_ids' besides their embedding"), "%s", e.text);
    make_model(&m, 2);
    m.inputs[1].tensor.elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    cr_expect_not(onnx_build(&m.proto, &graph, &e));
    cr_expect(strstr(e.text, "several inputs, 'input_ids' of 1 x 2, 'attention_mask' of 1 x 2"), "%s", e.text);
    make_model(&m, 2);
    m.dims[1] = 4;
    m.dims[0] = 2;
    m.table.n_dims = 1;
    cr_expect_not(onnx_build(&m.proto, &graph, &e));
    cr_expect(strstr(e.text, "or numbers of tokens"), "%s", e.text);
}

/* ---- Open lengths, and nodes that the output does not need ---- */

static const struct onnx_words open_length = {
    .opset = 17,
    .inputs = "ids:i:?x? mask:i:?x?",
    .outputs = "logits:f:?x2 other:f:?x3",
    .tensors = {"table:f:4x2", "table2:f:4x5", "w:f:6x2"},
    .nodes = {"Gather table ids > rows", "Flatten rows > flat axis=1", "MatMul flat w > logits",
              "Gather table2 ids > more", "Transpose rows > turned perm=[0,2,1]", "Unheard mask more turned > other"}};

Test(tokens, an_open_length_is_declared_or_that_of_the_data) {
    const struct shape three = {1, {3}}, picture = {3, {1, 2, 2}};
    bool open = false;
    const struct {
        struct onnx_options options;
        const char *wanted; /* NULL: it is loaded */
    } cases[] = {
        {{.output = "logits", .declared = three}, NULL},
        {{.output = "logits", .data = three}, NULL},
        {{.output = "logits", .open = &open}, "'ids' has no fixed size in dimension 1 ('size')"},
        {{.output = "logits", .declared = picture}, "3 behind the batch were declared"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = NULL;
        struct error e = {""};
        bool ok = words_load(&open_length, &cases[i].options, &g, &e);
        cr_assert_eq(ok, !cases[i].wanted, "case %zu: %s", i, e.text);
        cr_expect_eq(open, cases[i].options.open != NULL, "case %zu", i);
        open = false;
        if (!ok) {
            cr_expect(strstr(e.text, cases[i].wanted), "case %zu: %s", i, e.text);
            continue;
        }
        cr_assert_not_null(g->tokens);
        cr_expect_eq(g->tokens->table.length, 3);
        cr_expect_eq(g->tokens->table.vocabulary, 4, "the table of the output that was chosen");
        cr_expect(shape_equal(&g->sample, &(struct shape){2, {2, 3}}));
        cr_expect_eq(g->classes, 2);
        graph_destroy(g);
    }
}

/* The same file with sizes says them: what was declared must agree. */
Test(tokens, a_fixed_length_agrees_with_what_was_declared) {
    struct onnx_words words = open_length;
    const struct onnx_options longer = {.output = "logits", .declared = {1, {4}}},
                              picture = {.output = "logits", .declared = {3, {1, 1, 3}}},
                              right = {.output = "logits", .declared = {1, {3}}};
    struct graph *g = NULL;
    struct error e = {""};
    words.inputs = "ids:i:?x3 mask:i:?x3";
    cr_expect_not(words_load(&words, &longer, &g, &e));
    cr_expect(strstr(e.text, "input 'ids' has 3 elements in dimension 1: 4 were declared"), "%s", e.text);
    cr_expect_not(words_load(&words, &picture, &g, &e));
    cr_expect(strstr(e.text, "has 2 dimensions, the batch included: 3 behind the batch were declared"), "%s", e.text);
    cr_assert(words_load(&words, &right, &g, &e), "%s", e.text);
    graph_destroy(g);
}
