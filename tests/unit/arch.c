/* Lists of layers ("conv:8x5,relu,fc:10") as graphs, and the errors in them. */
#include "nn/arch.h"

#include "nn/op.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(arch);

static const struct shape image = {3, {1, 28, 28}}, features = {1, {30}};

Test(arch, a_small_cnn) {
    struct error e = {""};
    struct graph *g;
    char text[64];
    const char *list = "conv:16x5,batchnorm,relu,maxpool:2,conv:32x3/2+1,relu,avgpool:2/1,globalavgpool,fc:64,relu,"
                       "fc:10";
    cr_assert(arch_build(list, &image, &g, &e), "%s", e.text);
    static const char *const ops[] = {"Conv",        "BatchNormalization", "Relu",    "MaxPool", "Conv", "Relu",
                                      "AveragePool", "GlobalAveragePool",  "Flatten", "Gemm",    "Relu", "Gemm"};
    static const char *const shapes[] = {"1x16x24x24", "1x16x24x24", "1x16x24x24", "1x16x12x12", "1x32x6x6", "1x32x6x6",
                                         "1x32x5x5",   "1x32x1x1",   "1x32",       "1x64",       "1x64",     "1x10"};
    cr_assert_eq(g->node_count, 12);
    for (uint32_t i = 0; i < g->node_count; i++) {
        cr_expect_str_eq(g->nodes[i].op->name, ops[i]);
        cr_expect_str_eq(shape_text(&g->values[g->nodes[i].outputs[0]].shape, text, sizeof text), shapes[i], "%s",
                         ops[i]);
    }
    static const char *const layers[] = {"conv1", "conv2", "fc1", "fc2"};
    cr_assert_eq(g->layer_count, 4);
    for (uint32_t i = 0; i < 4; i++) cr_expect_str_eq(g->layers[i].name, layers[i]);
    cr_expect_eq(g->layers[0].parameter_count, 6, "weight, bias and four of batchnorm1");
    cr_expect_str_eq(g->values[g->layers[0].parameters[0]].name, "conv1.weight");
    cr_expect_eq(g->classes, 10);
    cr_expect_str_eq(g->values[g->output].name, "logits");
    graph_destroy(g);
}

Test(arch, features_need_no_flatten) {
    struct graph *g;
    struct error e = {""};
    cr_assert(arch_build("fc:8,relu,fc:2", &features, &g, &e), "%s", e.text);
    cr_expect_eq(g->node_count, 3);
    graph_destroy(g);
}

static const struct {
    const char *list;
    const struct shape *sample;
    const char *wanted;
} bad[] = {
    {"", &image, "layers:1: nothing between commas"},
    {"conv:16x5,,fc:10", &image, "layers:11: nothing between commas"},
    {"conv:16x5,relu,", &image, "layers:16: nothing between commas"},
    {"conv:16x5,rellu,fc:10", &image, "layers:11: 'rellu': no such layer (did you mean relu?)"},
    {"convolutional:16x5,fc:10", &image, "layers:1: 'convolutional:16x5': no such layer: wanted embed, conv"},
    {"conv,fc:10", &image, "layers:1: 'conv': wanted conv:OUTxKERNEL"},
    {"conv:16,fc:10", &image, "layers:1: 'conv:16': wanted conv:OUTxKERNEL"},
    {"conv:16x5 ,fc:10", &image, "layers:1: 'conv:16x5 ': wanted conv"},
    {"conv:0x5,fc:10", &image, "layers:1: 'conv:0x5': wanted"},
    {"conv:16x5/0,fc:10", &image, "layers:1: 'conv:16x5/0': wanted"},
    {"conv:16x5+1/2,fc:10", &image, "layers:1: 'conv:16x5+1/2': wanted"},
    {"conv:-3x5,fc:10", &image, "layers:1: 'conv:-3x5': wanted"},
    {"conv:99999999999999999999x5,fc:10", &image, "layers:1: 'conv:99999999999999999999x5': wanted"},
    {"relu:2,fc:10", &image, "layers:1: 'relu:2': wanted relu"},
    {"conv:16x5,relu", &image, "layers:11: 'relu': the list ends here: wanted fc:CLASSES last"},
    {"conv:16x29,fc:10", &image, "layers:1: 'conv:16x29': a window of 29x29 does not fit into its input of 1x28x28"},
    {"maxpool:20,maxpool:2,fc:2", &image, "layers:12: 'maxpool:2': a window of 2x2 does not fit into its input of 1x"},
    {"fc:10,conv:16x5,fc:10", &image, "layers:7: 'conv:16x5': its input has shape 10: wanted channels x height"},
    {"maxpool:2,fc:2", &features, "layers:1: 'maxpool:2': its input has shape 30: wanted channels"},
    {"embed:8,fc:2", &features, "layers:1: 'embed:8': wanted embed:WORDSxDIMENSIONS"},
    {"fc:8,embed:5x3,fc:2", &features,
     "layers:6: 'embed:5x3': its input has shape 8: wanted numbers of tokens, and embed"},
    {"embed:5x3,conv:2x3,fc:2", &image, "layers:1: 'embed:5x3': its input has shape 1x28x28: wanted numbers of tokens"},
    {"embed:65536x65536,fc:2", &features, "layers:1: 'embed:65536x65536': it has 4294967296 weights"},
    {"fc:65536,fc:65536,fc:2", &features, "layers:10: 'fc:65536': it has 4294967296 weights: at most"},
};

Test(arch, errors_name_the_place) {
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = {""};
        struct graph *g = NULL;
        bool built = arch_build(bad[i].list, bad[i].sample, &g, &e);
        cr_expect_not(built, "%s", bad[i].list);
        cr_expect_eq(strncmp(e.text, bad[i].wanted, strlen(bad[i].wanted)), 0, "%s: got '%s', wanted '%s'", bad[i].list,
                     e.text, bad[i].wanted);
        if (built) graph_destroy(g);
    }
}

Test(arch, samples_are_images_sequences_or_features) {
    struct error e = {""};
    struct graph *g;
    struct shape volume = {4, {1, 28, 28, 28}};
    cr_expect_not(arch_build("fc:10", &volume, &g, &e));
    cr_expect_str_eq(
        e.text, "layers: samples have 4 dimensions: wanted channels x height x width, channels x length, or features");
}

Test(arch, windows_of_sequences_have_one_side) {
    struct error e = {""};
    struct graph *g;
    const struct shape sequence = {2, {4, 96}};
    char text[64];
    static const char *const shapes[] = {"1x8x46", "1x8x46", "1x8x23", "1x8x22", "1x8x1", "1x8", "1x3"};
    const char *list = "conv:8x7/2+1,relu,maxpool:2,avgpool:2/1,globalavgpool,fc:3";
    cr_assert(arch_build(list, &sequence, &g, &e), "%s", e.text);
    cr_assert_eq(g->node_count, 7);
    for (uint32_t i = 0; i < g->node_count; i++)
        cr_expect_str_eq(shape_text(&g->values[g->nodes[i].outputs[0]].shape, text, sizeof text), shapes[i]);
    cr_expect_str_eq(shape_text(&g->values[g->layers[0].parameters[0]].shape, text, sizeof text), "8x4x7");
    graph_destroy(g);
    cr_expect_not(arch_build("conv:8x99,fc:3", &sequence, &g, &e));
    cr_expect_str_eq(e.text, "layers:1: 'conv:8x99': a window of 99 does not fit into its input of 4x96");
}
