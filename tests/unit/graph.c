/* Graphs: sorting, folding of constants, layers and their parameters, and the errors with the node's name. */
#include "nn/graph.h"
#include "nn/net.h"
#include "nn/op.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MOST 8

/* A node as text: "Op name: in in -> out out". "-" is an absent input. */
static bool add_node(struct graph *g, const char *text, struct error *e) {
    char copy[256], *words[2 * MOST + 4] = {NULL}, *inputs[MOST], *outputs[MOST], *rest = NULL;
    size_t count = 0, in = 0, out = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) words[count++] = w;
    size_t length = strlen(words[1]);
    words[1][length - 1] = '\0';
    size_t i = 2;
    for (; strcmp(words[i], "->") != 0; i++) inputs[in++] = strcmp(words[i], "-") == 0 ? "" : words[i];
    for (i++; i < count; i++) outputs[out++] = words[i];
    struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1};
    bool joins = strcmp(words[0], "Concat") == 0;
    return graph_add_node(g, words[0], words[1], (const char *const *)inputs, in, (const char *const *)outputs, out,
                          &axis, joins, e);
}

static bool add_parameter(struct graph *g, const char *name, struct shape shape, struct error *e) {
    float data[256];
    cr_assert(shape_count(&shape) <= 256);
    for (size_t i = 0; i < 256; i++) data[i] = (float)i / 16;
    return graph_add_parameter(g, name, &shape, data, e);
}

/* A graph with an input x of 2x4x4 and the usual parameters, and the nodes given. */
static struct graph *start(void) {
    struct graph *g;
    struct error e;
    cr_assert(graph_create(&g, &e), "%s", e.text);
    cr_assert(graph_add_input(g, "x", &(struct shape){4, {0, 2, 4, 4}}, &e), "%s", e.text);
    cr_assert(add_parameter(g, "conv1.weight", (struct shape){4, {3, 2, 3, 3}}, &e));
    cr_assert(add_parameter(g, "conv1.bias", (struct shape){1, {3}}, &e));
    cr_assert(add_parameter(g, "flat", (struct shape){3, {3, 2, 2}}, &e));
    cr_assert(add_parameter(g, "fc_weight", (struct shape){2, {12, 5}}, &e));
    cr_assert(add_parameter(g, "plus", (struct shape){2, {1, 5}}, &e));
    cr_assert(add_parameter(g, "channel", (struct shape){3, {3, 1, 1}}, &e));
    for (const char **name = (const char *[]){"scale", "shift", "mean", "variance", NULL}; *name; name++)
        cr_assert(add_parameter(g, *name, (struct shape){1, {3}}, &e));
    cr_assert(graph_add_ints(g, "one_by_12", &(struct shape){1, {2}}, (int64_t[]){1, 12}, &e));
    cr_assert(graph_add_ints(g, "12_by_1", &(struct shape){1, {2}}, (int64_t[]){12, 1}, &e));
    cr_assert(graph_add_ints(g, "2_by_6", &(struct shape){1, {2}}, (int64_t[]){2, 6}, &e));
    cr_assert(graph_add_ints(g, "minus_by_6", &(struct shape){1, {2}}, (int64_t[]){-1, 6}, &e));
    return g;
}

static struct graph *build(const char *const *nodes, const char *output) {
    struct graph *g = start();
    struct error e;
    for (; *nodes; nodes++) cr_assert(add_node(g, *nodes, &e), "%s", e.text);
    cr_assert(graph_finish(g, output, &e), "%s", e.text);
    return g;
}

static uint32_t find_value(const struct graph *g, const char *name) {
    for (uint32_t i = 0; i < g->value_count; i++)
        if (strcmp(g->values[i].name, name) == 0) return i;
    return GRAPH_NONE;
}

Test(graph, sorts_nodes_and_drops_what_the_output_does_not_need) {
    struct graph *g = build((const char *[]){"Flatten flatten: r -> f", "Relu unused: c -> u", "Relu relu: c -> r",
                                             "Conv conv: x conv1.weight -> c", NULL},
                            "f");
    cr_assert_eq(g->node_count, 3);
    cr_assert_str_eq(g->nodes[0].name, "conv");
    cr_assert_str_eq(g->nodes[1].name, "relu");
    cr_assert_str_eq(g->nodes[2].name, "flatten");
    for (uint32_t i = 0; i < g->node_count; i++) cr_assert_eq(g->values[g->nodes[i].outputs[0]].node, i);
    cr_assert_eq(find_value(g, "u"), GRAPH_NONE);
    cr_assert_eq(find_value(g, "fc_weight"), GRAPH_NONE);
    cr_assert_eq(g->classes, 12);
    cr_assert_eq(g->sample.rank, 3);
    cr_assert_eq(g->sample.dim[0], 2);
    graph_destroy(g);
}

Test(graph, keeps_the_order_of_a_sorted_file) {
    struct graph *g = build((const char *[]){"Relu a: x -> a", "Relu b: x -> b", "Add sum: b a -> s", NULL}, "s");
    cr_assert_str_eq(g->nodes[0].name, "a");
    cr_assert_str_eq(g->nodes[1].name, "b");
    graph_destroy(g);
}

Test(graph, a_reshaped_parameter_stays_a_parameter_under_its_name) {
    struct graph *g =
        build((const char *[]){"Conv conv: x conv1.weight -> c", "Flatten f: c -> cf",
                               "Reshape reshape: flat 12_by_1 -> column", "MatMul mul: cf column -> y", NULL},
              "y");
    uint32_t v = find_value(g, "flat");
    cr_assert_neq(v, GRAPH_NONE);
    cr_assert_eq(find_value(g, "column"), GRAPH_NONE);
    cr_assert_eq(g->values[v].kind, VALUE_PARAMETER);
    cr_assert_eq(g->values[v].shape.rank, 2);
    cr_assert_eq(g->values[v].shape.dim[0], 12);
    cr_assert_eq(g->values[v].data[11], 11.0f / 16);
    cr_assert_eq(g->node_count, 3);
    cr_assert_eq(g->nodes[2].inputs[1], v);
    graph_destroy(g);
}

Test(graph, a_parameter_read_in_two_shapes_is_copied) {
    struct graph *g =
        build((const char *[]){"Conv conv: x conv1.weight -> c", "Flatten f: c -> cf",
                               "Reshape reshape: flat 12_by_1 -> column", "MatMul mul: cf column -> m",
                               "Mul scale: c flat -> s", "Flatten g: s -> sf", "Add sum: sf m -> y", NULL},
              "y");
    uint32_t a = find_value(g, "flat"), b = find_value(g, "column");
    cr_assert_eq(g->values[a].shape.rank, 3);
    cr_assert_eq(g->values[b].shape.rank, 2);
    cr_assert_eq(g->values[b].kind, VALUE_PARAMETER);
    cr_assert_eq(g->values[b].data[5], g->values[a].data[5]);
    graph_destroy(g);
}

Test(graph, computes_what_does_not_depend_on_the_input) {
    struct graph *g = start();
    struct error e;
    float two = 2;
    cr_assert(graph_add_floats(g, "two", &(struct shape){0}, &two, &e));
    cr_assert(graph_add_floats(g, "three", &(struct shape){1, {1}}, (float[]){3}, &e));
    cr_assert(add_node(g, "Mul six: two three -> six", &e));
    cr_assert(add_node(g, "Mul folded: conv1.bias six -> bias6", &e));
    cr_assert(add_node(g, "Conv conv: x conv1.weight bias6 -> c", &e));
    cr_assert(add_node(g, "Mul again: c six -> y", &e));
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    const struct value *six = &g->values[find_value(g, "six")], *bias = &g->values[find_value(g, "bias6")];
    cr_assert_eq(six->kind, VALUE_CONSTANT);
    cr_assert_eq(six->data[0], 6);
    cr_assert_eq(bias->kind, VALUE_PARAMETER);
    cr_assert_eq(bias->data[2], 12.0f / 16);
    cr_assert_eq(g->node_count, 2);
    graph_destroy(g);
}

Test(graph, without_an_input_folds_to_the_value_of_its_output) {
    struct graph *g;
    struct error e;
    cr_assert(graph_create(&g, &e));
    cr_assert(add_parameter(g, "a", (struct shape){2, {2, 2}}, &e));
    cr_assert(add_node(g, "MatMul m: a a -> y", &e));
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    cr_assert_eq(g->input, GRAPH_NONE);
    cr_assert_eq(g->values[g->output].data[3], (1.f * 2 + 3 * 3) / 256);
    graph_destroy(g);
}

Test(graph, a_reshape_to_a_fixed_batch_keeps_any_batch) {
    struct graph *g = build((const char *[]){"Conv conv: x conv1.weight -> c", "Reshape r: c one_by_12 -> f",
                                             "MatMul fc: f fc_weight -> y", NULL},
                            "y");
    struct shape shapes[64];
    struct error e;
    cr_assert(g->value_count <= 64);
    cr_assert(graph_infer(g, 7, shapes, &e), "%s", e.text);
    cr_assert_eq(shapes[g->output].dim[0], 7);
    const struct node *reshape = &g->nodes[1];
    cr_assert_eq(g->values[reshape->inputs[1]].ints[0], 0, "an exported Reshape must keep the batch, too");
    cr_assert_eq(g->values[reshape->inputs[1]].ints[1], 12);
    graph_destroy(g);
}

static void check_layer(const struct graph *g, uint32_t index, const char *name, const char *const *parameters) {
    const struct layer *layer = &g->layers[index];
    cr_expect_str_eq(layer->name, name);
    cr_expect_eq(graph_layer(g, name), index);
    uint32_t i = 0;
    for (; parameters[i]; i++)
        cr_expect(i < layer->parameter_count && strcmp(g->values[layer->parameters[i]].name, parameters[i]) == 0,
                  "parameter %u of %s", i, name);
    cr_expect_eq(layer->parameter_count, i);
}

Test(graph, layers_take_the_parameters_that_follow_them) {
    struct graph *g =
        build((const char *[]){"Conv conv: x conv1.weight -> c", "Add bias: c channel -> b",
                               "BatchNormalization bn: b scale shift mean variance -> n", "Relu relu: n -> r",
                               "Reshape reshape: r one_by_12 -> f", "MatMul fc: f fc_weight -> m",
                               "Identity id: m -> i", "Add plus: i plus -> y", "Softmax soft: y -> p", NULL},
              "p");
    cr_assert_eq(g->layer_count, 2);
    check_layer(g, 0, "conv1", (const char *[]){"conv1.weight", "channel", "scale", "shift", "mean", "variance", NULL});
    check_layer(g, 1, "fc", (const char *[]){"fc_weight", "plus", NULL});
    cr_assert_str_eq(g->nodes[g->layers[1].node].name, "fc");
    cr_assert_eq(graph_layer(g, "fc2"), GRAPH_NONE);
    graph_destroy(g);
}

/* A normalisation that follows a Relu, as in a pre-activation ResNet, with the scale behind it. */
Test(graph, parameters_that_follow_no_weight_are_layers_of_their_own) {
    struct graph *g =
        build((const char *[]){"Conv a: x conv1.weight conv1.bias -> c", "Relu r: c -> r",
                               "BatchNormalization bn: r scale shift mean variance -> n", "Mul by: n channel -> s",
                               "Flatten f: s -> f", "MatMul m: f fc_weight -> y", NULL},
              "y");
    cr_assert_eq(g->layer_count, 3);
    check_layer(g, 0, "conv1", (const char *[]){"conv1.weight", "conv1.bias", NULL});
    check_layer(g, 1, "scale", (const char *[]){"scale", "shift", "mean", "variance", "channel", NULL});
    check_layer(g, 2, "fc", (const char *[]){"fc_weight", NULL});
    graph_destroy(g);
}

Test(graph, layer_names_are_unique_and_branches_end_a_layer) {
    struct graph *g =
        build((const char *[]){"Conv a: x conv1.weight conv1.bias -> c", "Relu r: c -> r", "Mul scale: c channel -> s",
                               "Add sum: r s -> t", "Flatten f: t -> f", "MatMul m: f fc_weight -> y", NULL},
              "y");
    cr_assert_eq(g->layer_count, 3);
    /* two nodes read the convolution: the scale on one way is not part of it */
    check_layer(g, 0, "conv1", (const char *[]){"conv1.weight", "conv1.bias", NULL});
    check_layer(g, 1, "channel", (const char *[]){"channel", NULL});
    graph_destroy(g);
    struct error e;
    g = start();
    cr_assert(add_parameter(g, "conv1_weight", (struct shape){4, {3, 3, 1, 1}}, &e));
    cr_assert(add_node(g, "Conv a: x conv1.weight -> c", &e));
    cr_assert(add_node(g, "Conv b: c conv1_weight -> d", &e));
    cr_assert(graph_finish(g, "d", &e), "%s", e.text);
    check_layer(g, 0, "conv1", (const char *[]){"conv1.weight", NULL});
    check_layer(g, 1, "conv1_2", (const char *[]){"conv1_weight", NULL});
    graph_destroy(g);
}

Test(graph, the_logits_lie_before_a_closing_softmax_or_relu) {
    static const struct {
        const char *nodes[5], *output, *logits, *warning; /* warning: a word of it */
    } cases[] = {
        {{"Conv c: x conv1.weight -> c", NULL}, "c", "c", NULL},
        {{"Conv c: x conv1.weight -> c", "Flatten f: c -> f", NULL}, "f", "f", NULL},
        {{"Conv c: x conv1.weight -> c", "Flatten f: c -> f", "Softmax s: f -> s", NULL}, "s", "f", "Softmax"},
        {{"Conv c: x conv1.weight -> c", "Relu r: c -> r", "Identity i: r -> i", NULL}, "i", "c", "Relu"},
        {{"Conv c: x conv1.weight -> c", "Flatten f: c -> f", "Relu r: f -> r", "Softmax s: r -> s", NULL},
         "s",
         "f",
         "Relu and a Softmax"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = build((const char *const *)cases[i].nodes, cases[i].output);
        cr_expect_str_eq(g->values[g->output].name, cases[i].logits);
        cr_expect_str_eq(g->values[g->file_output].name, cases[i].output);
        cr_expect_eq(g->classes, 12);
        cr_expect(!g->warning == !cases[i].warning, "case %zu", i);
        cr_expect(!g->warning || strstr(g->warning, cases[i].warning), "case %zu: %s", i, g->warning);
        graph_destroy(g);
    }
}

/* Every word must occur in the message. */
Test(graph, errors_name_the_node_and_what_was_found) {
    static const struct {
        const char *nodes[5], *output, *words[4];
    } cases[] = {
        {{"Silu act: x -> y", NULL}, "y", {"'act'", "'Silu'", "Selu"}},
        {{"Relu a: b -> a", "Relu b: a -> b", NULL}, "b", {"cycle"}},
        {{"Relu a: nowhere -> a", NULL}, "a", {"'a' (Relu)", "'nowhere'", "defined nowhere"}},
        {{"Relu a: x -> a", NULL}, "z", {"'z'"}},
        {{"Relu a: x -> a", "Relu b: x -> a", NULL}, "a", {"'a' is defined twice"}},
        {{"Conv c: x fc_weight -> c", NULL}, "c", {"'c' (Conv)", "12x5"}},
        {{"Flatten f: x -> f", "MatMul m: f fc_weight -> m", NULL}, "m", {"'m' (MatMul)", "1x32", "12x5"}},
        {{"Flatten f: x -> f", "Gemm m: f fc_weight -> m", NULL}, "m", {"'m' (Gemm)", "1x32", "12x5"}},
        {{"Add s: x channel -> s", NULL}, "s", {"'s' (Add)", "1x2x4x4", "3x1x1"}},
        {{"Conv c: x conv1.weight plus -> c", NULL}, "c", {"'c' (Conv)", "1x5", "3x2x3x3"}},
        {{"Conv c: x conv1.weight -> c", "Reshape r: c 2_by_6 -> r", NULL}, "r", {"'r' (Reshape)", "2x6"}},
        {{"Conv c: x conv1.weight -> c", "Reshape r: c minus_by_6 -> r", NULL}, "r", {"'r' (Reshape)", "batch", "2x6"}},
        {{"Conv c: x conv1.weight -> c", "Reshape r: c scale -> r", NULL}, "r", {"'r' (Reshape)", "integer constant"}},
        {{"Flatten f: x -> f", "MatMul m: plus f -> m", NULL}, "m", {"'m' (MatMul)"}},
        {{"Relu a: x x -> a", NULL}, "a", {"'a' (Relu)", "2 inputs"}},
        {{"Conv c: x - -> c", NULL}, "c", {"'c' (Conv)", "inputs"}},
        {{"BatchNormalization b: x scale shift mean variance -> b", NULL}, "b", {"'b' (Batch", "1x2x4x4"}},
        {{"Dropout d: x -> d mask", "Relu r: mask -> r", NULL}, "r", {"'r' (Relu)", "'mask'", "first output"}},
        {{"Relu r: scale -> r", NULL}, "r", {"'r'", "does not depend on the input"}},
        {{"Softmax s: x -> s", NULL}, "s", {"'s'", "no layer"}},
        {{"MaxPool p: x -> p", NULL}, "p", {"'p' (MaxPool)", "kernel_shape"}},
        {{"Constant k: -> k", NULL}, "k", {"'k' (Constant)", "no value"}},
        {{"Reshape r: scale one_by_12 -> k", "Add a: x k -> y", NULL}, "y", {"'r' (Reshape)", "3", "1x12"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = start();
        struct error e = {"no error"};
        bool ok = true;
        for (const char *const *node = cases[i].nodes; ok && *node; node++) ok = add_node(g, *node, &e);
        ok = ok && graph_finish(g, cases[i].output, &e);
        cr_expect_not(ok, "case %zu was accepted", i);
        for (size_t k = 0; k < 4 && cases[i].words[k]; k++)
            cr_expect(strstr(e.text, cases[i].words[k]), "case %zu: '%s' is not in: %s", i, cases[i].words[k], e.text);
        graph_destroy(g);
    }
}

Test(graph, refuses_inputs_it_cannot_batch) {
    static const struct {
        struct shape shape;
        const char *word;
    } cases[] = {
        {{1, {5}}, "dimensions"},
        {{0, {0}}, "dimensions"},
        {{3, {1, 0, 5}}, "dimension 1"},
        {{3, {1, 5, SIZE_MAX}}, "dimension 2"},
        {{4, {1, 1 << 20, 1 << 20, 1 << 20}}, "too many"},
        {{4, {1, SIZE_MAX / 2, SIZE_MAX / 2, 8}}, "too many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e;
        cr_assert(graph_create(&g, &e));
        cr_expect_not(graph_add_input(g, "in", &cases[i].shape, &e), "case %zu", i);
        cr_expect(strstr(e.text, cases[i].word) && strstr(e.text, "'in'"), "case %zu: %s", i, e.text);
        graph_destroy(g);
    }
    struct graph *g = start();
    struct error e;
    cr_assert_not(graph_add_input(g, "more", &(struct shape){2, {1, 3}}, &e));
    cr_assert(strstr(e.text, "'more'") && strstr(e.text, "'x'"), "%s", e.text);
    graph_destroy(g);
}

/* A declaration of a few bytes must not ask for all memory. */
Test(graph, refuses_enormous_outputs) {
    struct graph *g = start();
    struct error e;
    const struct attribute pads = {
        .name = "pads", .kind = ATTRIBUTE_INTS, .count = 4, .ints = (int64_t[]){65535, 65535, 65535, 65535}};
    cr_assert(graph_add_node(g, "Conv", "big", (const char *[]){"x", "conv1.weight"}, 2, (const char *[]){"y"}, 1,
                             &pads, 1, &e));
    cr_assert_not(graph_finish(g, "y", &e));
    cr_assert(strstr(e.text, "'big' (Conv)"), "%s", e.text);
    graph_destroy(g);
}

Test(graph, a_deep_chain_needs_no_deep_stack) {
    struct graph *g = start();
    struct error e;
    char text[64], output[16] = "x";
    for (int i = 100000; i-- > 0;) { /* the last node first */
        snprintf(text, sizeof text, "Relu r: v%d -> v%d", i, i + 1);
        cr_assert(add_node(g, text, &e), "%s", e.text);
    }
    cr_assert(add_node(g, "Relu first: x -> v0", &e));
    snprintf(output, sizeof output, "v%d", 100000);
    cr_assert_not(graph_finish(g, output, &e)); /* only Relu: no layer */
    cr_assert(strstr(e.text, "no layer"), "%s", e.text);
    cr_assert_eq(g->node_count, 100001);
    graph_destroy(g);
}

/* ---- One sample at a time ---- */

/* logits[2][12] of two samples. */
static void run_two(const struct graph *g, float *logits) {
    struct weights *weights;
    struct net *net;
    struct error e;
    float x[2 * 32];
    for (int i = 0; i < 64; i++) x[i] = (float)(i * 7 % 13) / 4 - 1.5f;
    cr_assert_eq(g->classes, 12);
    cr_assert(weights_create(g, &weights, &e), "%s", e.text);
    cr_assert(net_create(weights, &net, &e), "%s", e.text);
    cr_assert(net_forward(net, 2, x, logits, &e), "%s", e.text);
    net_destroy(net);
    weights_destroy(weights);
}

Test(graph, the_batch_may_move_when_samples_are_run_one_at_a_time) {
    static const char *const moved[] = {"Transpose there: x -> a", "Relu relu: a -> b", "Transpose back: b -> c",
                                        "Conv conv: c conv1.weight -> d"};
    struct graph *plain = build((const char *[]){"Relu relu: x -> c", "Conv conv: c conv1.weight -> d", NULL}, "d");
    float wanted[24], found[24];
    run_two(plain, wanted);
    for (int single = 0; single < 2; single++) {
        struct graph *g = start();
        struct error e;
        for (int i = 0; i < 4; i++) cr_assert(add_node(g, moved[i], &e), "%s", e.text);
        g->single = single == 1;
        bool ok = graph_finish(g, "d", &e);
        cr_assert_eq(ok, single == 1);
        if (ok) run_two(g, found);
        else cr_expect_str_eq(e.text, "node 'there' (Transpose): dimension 0 is the batch: samples must not be mixed");
        graph_destroy(g);
    }
    for (int i = 0; i < 24; i++) cr_expect_eq(found[i], wanted[i]);
    graph_destroy(plain);
}

/* PyTorch numbers the weights that it computes: the node's path or the bias says more. */
Test(graph, layers_of_numbered_weights) {
    static const struct {
        const char *weight, *bias, *node, *wanted;
    } rows[] = {
        {"val_7", "encoder.fc.bias", "node_MatMul_3", "encoder.fc"},
        {"val_7", "encoder.in_proj_bias", "node_MatMul_3", "encoder.in_proj"},
        {"val_7", "val_8", "node_MatMul_3", "val_7"},
        {"onnx::MatMul_7", "other.bias", "/blocks/blocks.0/fc/MatMul", "blocks.0.fc"},
        {"onnx::MatMul_7", "blocks.0.fc.bias", "node", "blocks.0.fc"},
        {"fc.weight", "other.bias", "/fc/MatMul", "fc"},
        {"/blocks/blocks.1/attn/Gather_2_output_0", "other.bias", "/blocks/MatMul", "blocks.1.attn"},
        {"val_7", "val_8", "/blocks.0.fc/node_MatMul_3", "blocks.0.fc"},
        {"StatefulPartitionedCall/net/fc1/MatMul/ReadVariableOp:0", "other", "node", "net/fc1"},
        {"net/block1_conv_1/convolution/merged_input:0", "other", "node", "net/block1_conv_1"},
        {"functional_1/bn1_1/batchnorm/mul:0", "const_fold_opt__46", "node", "functional_1/bn1_1"},
        {"onnx::MatMul_255", "onnx::Add_256", "/MatMul_1", "MatMul_1"},
        {"const_fold_opt__2324", "const_fold_opt__2", "StatefulPartitionedCall/net/fc2/MatMul", "net/fc2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct graph *g = start();
        struct error e;
        char matmul[100], add[100];
        snprintf(matmul, sizeof matmul, "MatMul %s: f %s -> m", rows[i].node, rows[i].weight);
        snprintf(add, sizeof add, "Add add: m %s -> y", rows[i].bias);
        cr_assert(add_parameter(g, rows[i].weight, (struct shape){2, {32, 5}}, &e), "%s", e.text);
        cr_assert(add_parameter(g, rows[i].bias, (struct shape){1, {5}}, &e), "%s", e.text);
        cr_assert(add_node(g, "Flatten f: x -> f", &e) && add_node(g, matmul, &e) && add_node(g, add, &e), "%s",
                  e.text);
        cr_assert(graph_finish(g, "y", &e), "%s", e.text);
        cr_expect_str_eq(g->layers[0].name, rows[i].wanted);
        graph_destroy(g);
    }
}
