/* What an operator cannot honour it refuses, and says why. */
#include "op_build.h"

#include <math.h>

/* Attributes that would change the result and are not supported must not be ignored. */
Test(op_errors, refuses_attributes_it_cannot_honour) {
    const struct {
        const char *op;
        struct attribute attribute;
        const char *word;
    } cases[] = {
        {"Conv", {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){0, 1}, .count = 2}, "'strides' is 0"},
        {"Conv",
         {.name = "strides", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){1, 1, 1, 1}, .count = 4},
         "4 elements"},
        {"Conv",
         {.name = "pads", .kind = ATTRIBUTE_INTS, .ints = (int64_t[]){-1, 0, 0, 0}, .count = 4},
         "'pads' is -1"},
        {"Conv", {.name = "group", .kind = ATTRIBUTE_INT, .integer = INT64_MAX}, "'group'"},
        {"Conv", {.name = "group", .kind = ATTRIBUTE_FLOAT, .number = 1}, "another type"},
        {"Conv", {.name = "auto_pad", .kind = ATTRIBUTE_TEXT, .text = "SAME"}, "'SAME'"},
        {"MaxPool", {.name = "ceil_mode", .kind = ATTRIBUTE_INT, .integer = 2}, "'ceil_mode' is 2"},
        {"Add", {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1}, "opset 7"},
        {"Gemm", {.name = "transA", .kind = ATTRIBUTE_INT, .integer = 7}, "'transA' is 7"},
        {"Softmax", {.name = "axis", .kind = ATTRIBUTE_INT, .integer = 100}, "'axis' is 100"},
        {"Elu", {.name = "alpha", .kind = ATTRIBUTE_FLOAT, .number = NAN}, "'alpha' is nan: wanted a finite number"},
        {"LeakyRelu", {.name = "alpha", .kind = ATTRIBUTE_FLOAT, .number = INFINITY}, "'alpha' is inf"},
        {"Celu", {.name = "alpha", .kind = ATTRIBUTE_FLOAT, .number = 0}, "'alpha' is 0"},
        {"HardSigmoid", {.name = "beta", .kind = ATTRIBUTE_FLOAT, .number = -INFINITY}, "'beta' is -inf"},
        {"Gemm", {.name = "alpha", .kind = ATTRIBUTE_FLOAT, .number = NAN}, "'alpha' is nan"},
        {"LRN", {.name = "bias", .kind = ATTRIBUTE_FLOAT, .number = NAN}, "'bias' is nan"},
        {"Resize", {.name = "cubic_coeff_a", .kind = ATTRIBUTE_FLOAT, .number = NAN}, "'cubic_coeff_a' is nan"},
        {"LayerNormalization", {.name = "epsilon", .kind = ATTRIBUTE_FLOAT, .number = NAN}, "'epsilon' is nan"},
        {"InstanceNormalization", {.name = "epsilon", .kind = ATTRIBUTE_FLOAT, .number = -1}, "'epsilon' is -1"},
        {"BatchNormalization", {.name = "epsilon", .kind = ATTRIBUTE_FLOAT, .number = INFINITY}, "'epsilon' is inf"},
        {"BatchNormalization", {.name = "momentum", .kind = ATTRIBUTE_FLOAT, .number = NAN}, "'momentum' is nan"},
        {"Concat", {.name = "axes", .kind = ATTRIBUTE_INT, .integer = 1}, "'axis' is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e = {"no error"};
        cr_assert(graph_create(&g, &e));
        uint32_t inputs = op_find(cases[i].op)->min_inputs;
        cr_expect_not(graph_add_node(g, cases[i].op, "n", (const char *[]){"a", "b", "c", "d", "e"}, inputs,
                                     (const char *[]){"y"}, 1, &cases[i].attribute, 1, &e));
        cr_expect(strstr(e.text, cases[i].word) && strstr(e.text, "node 'n'"), "case %zu: %s", i, e.text);
        graph_destroy(g);
    }
}

/* What shows only with the shapes. */
Test(op_errors, refuses_what_does_not_fit) {
    static const struct {
        struct variant node;
        const char *word;
    } cases[] = {
        {{"Conv", "x 3x2x3", "2x6x5", "", false}, "does not fit weights"},
        {{"Conv", "x 3x2x3x3", "2x6x5", "strides=[2]", false}, "wanted batch x channels x length"},
        {{"Conv", "x 3x2x3x3x3x3", "2x6x5x4x3", "", false}, "only one to three spatial dimensions"},
        {{"Conv", "x 3x2x3x3x3", "2x6x5x2", "", false}, "a window of 3 does not fit an input of 2"},
        {{"Conv", "x 3x2x3x3x3", "2x6x5x4", "pads=[1,1,1,1]", false}, "wanted batch x channels x height x width"},
        {{"AveragePool", "x", "2x6x5x4", "kernel_shape=[2,2]", false}, "wanted batch x channels x height x width"},
        {{"MaxPool", "x", "2x6x5", "kernel_shape=[2,2,2]", false}, "wanted batch x channels x depth x height x width"},
        {{"AveragePool", "x", "2x3x3", "kernel_shape=[4,4]", false}, "a window of 4 does not fit an input of 3"},
        {{"AveragePool", "x", "2x3x3", "kernel_shape=[9,9] strides=[3,3] ceil_mode=1", false},
         "a window of 9 does not fit an input of 3"},
        {{"MaxPool", "x", "2x6x5", "kernel_shape=[3,1,1]", false}, "height x"},
        {{"MaxPool", "x", "2x6x5", "kernel_shape=[3]", false}, "wanted batch x channels x length"},
        {{"MaxPool", "x", "2x6", "kernel_shape=[3,3]", false}, "wanted batch x channels x height x width"},
        {{"MaxPool", "x", "2x6x6", "kernel_shape=[3,3] strides=[2]", false}, "'strides' has 1 elements: wanted 2"},
        {{"ConvTranspose", "x 2x3x3x3", "2x3x4", "output_padding=[1]", false}, "does not fit weights"},
        {{"ConvTranspose", "x 2x3x3x3", "2x3x4", "output_padding=[-1,0]", false}, "'output_padding' is -1"},
        {{"ConvTranspose", "x 2x3x3x3 2", "2x3x4", "", false}, "bias of shape 2"},
        {{"ConvTranspose", "x 3x3x3x3", "2x3x4", "", false}, "does not fit weights"},
        {{"ConvTranspose", "x 2x3x3x3", "2x3x4", "pads=[3,0,3,0]", false}, "leaves nothing"},
        {{"ConvTranspose", "x 2x3x3x3", "2x3x4", "strides=[65535,65535]", false}, "at most"},
        {{"ConvTranspose", "x x", "2x3x4", "", false}, "depend on the network's input"},
        {{"Col2Im", "x [5,6] [2,3]", "12x15", "", false}, "wanted batch x (channels x 6) x 16"},
        {{"Col2Im", "x [5,6] [2,3]", "11x16", "", false}, "wanted batch x (channels x 6) x 16"},
        {{"Col2Im", "x [5,6] [2]", "12x16", "", false}, "an image of 2 dimensions and blocks of 1"},
        {{"Col2Im", "x [5,0] [2,3]", "12x16", "", false}, "an image of 0 elements"},
        {{"Col2Im", "x [5,6] [7,3]", "21x4", "", false}, "a window of 7 does not fit"},
        {{"LRN", "x", "2x3x4", "alpha=0.1", false}, "'size' is missing"},
        {{"LRN", "x", "2x3x4", "size=0", false}, "'size' is 0"},
        {{"MaxPool", "x", "6x5x5", "kernel_shape=[3,3] pads=[3,0,0,0]", false}, "padding only"},
        {{"MaxPool", "x", "6x5x5", "kernel_shape=[3,3] pads=[0,0,0,9]", false}, "padding only"},
        {{"AveragePool", "x", "6x5x5", "kernel_shape=[3,3] pads=[0,0,9,0]", false}, "padding only"},
        {{"MaxPool", "x", "6x3x3", "kernel_shape=[2,2] dilations=[5,5] pads=[1,1,2,2]", false}, "padding only"},
        {{"GlobalMaxPool", "x", "2", "", false}, "spatial dimensions"},
        {{"Einsum", "x 4x5", "3x4", "", false}, "'equation' is missing"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi", false}, "1 operands: there are 2 inputs"},
        {{"Einsum", "x 4x5", "3x4", "equation=a,b,c->a", false}, "more than 2 operands"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi,i9->b", false}, "'9' is no letter"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi,io-bho", false}, "no arrow"},
        {{"Einsum", "x 4x5", "3x4", "equation=b...h...,io->b", false}, "two ellipses"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhijklmnopq,io->b", false}, "more than 8 dimensions"},
        {{"Einsum", "x 4x5", "3x4", "equation=bh,io->bho", false}, "2 dimensions where there are 3"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi,oi->bho", false}, "dimensions of 4 and 5 alike"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi,io->bhz", false}, "that no operand has"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi,io->boo", false}, "a dimension twice"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi,io->hbo", false}, "samples must not be mixed"},
        {{"Einsum", "x 4x5", "3x4", "equation=bhi,io->ho", false}, "samples must not be mixed"},
        {{"Einsum", "x 8193x4", "8192x4", "equation=bhi,ji->bhj", false}, "at most"},
        {{"Greater", "x [1]", "3x4", "", false}, "compared with integers"},
        {{"Where", "{1} x x", "3x4", "", false}, "its condition is floating-point"},
        {{"Where", "[1,0,1] x x", "3x4", "", false}, "do not broadcast"},
        {{"Tile", "x [2,1,1]", "3x4", "", false}, "samples must not be mixed"},
        {{"Tile", "x [1,0,1]", "3x4", "", false}, "repeated 0 times"},
        {{"Tile", "x [1,1]", "3x4", "", false}, "2 repeats for 3 dimensions"},
        {{"DepthToSpace", "x", "6x2x3", "blocksize=2", false}, "blocks of 2 x 2 do not fit"},
        {{"DepthToSpace", "x", "8x2x3", "", false}, "'blocksize' is 0"},
        {{"SpaceToDepth", "x", "8x3x4", "blocksize=2", false}, "blocks of 2 x 2 do not fit"},
        {{"Resize", "x", "2x3x4", "", false}, "neither scales nor sizes"},
        {{"Resize", "x - {1,2,2}", "2x3x4", "", false}, "3 scales or sizes for 4 dimensions"},
        {{"Resize", "x - {1,1,0,2}", "2x3x4", "", false}, "a scale of 0 for 3"},
        {{"Resize", "x - {1,1,1e30,2}", "2x3x4", "", false}, "a scale of 1e+30 for 3"},
        {{"Resize", "x - {1,1,9000,9000}", "2x3x4", "", false}, "at most"},
        {{"Resize", "x - {2,1,1,1}", "2x3x4", "", false}, "samples must not be mixed"},
        {{"Resize", "x - - [1,2,-1,2]", "2x3x4", "", false}, "a size of -1"},
        {{"Resize", "x - - [2]", "2x3x4", "axes=[4]", false}, "axis 4"},
        {{"Resize", "x - x", "2x3x4", "", false}, "not constant numbers"},
        {{"Resize", "x - {1,1,2,2}", "2x3x4", "mode=bilinear", false}, "'mode' is 'bilinear'"},
        {{"Resize", "x - {1,1,2,2}", "2x3x4", "antialias=1", false}, "'antialias' is set"},
        {{"LayerNormalization", "x 8x1 8", "3x8", "", false}, "does not fit a parameter of shape 8x1"},
        {{"LayerNormalization", "x 8 8x1", "3x8", "", false}, "does not fit a parameter of shape 8x1"},
        {{"LayerNormalization", "x 3 3", "3x8", "", false}, "does not fit a parameter of shape 3"},
        {{"LayerNormalization", "x 1 1", "3x8", "", false}, "does not fit a parameter of shape 1"},
        {{"LayerNormalization", "x 8x3 8x3", "3x8", "axis=1", false}, "does not fit a parameter of shape 8x3"},
        {{"LayerNormalization", "x 1x1x1x8", "3x8", "", false}, "does not fit a parameter of shape 1x1x1x8"},
        {{"InstanceNormalization", "x 2x1 2x1", "2x3x4", "", false}, "a parameter of shape 2x1"},
        {{"InstanceNormalization", "x 2 1x2", "2x3x4", "", false}, "a parameter of shape 1x2"},
        {{"InstanceNormalization", "x 2 1", "2x3x4", "", false}, "as many shifts as scales"},
        {{"InstanceNormalization", "x 3 3", "2x3x4", "", false}, "2 channels in 2 groups with 3 scales"},
        {{"GroupNormalization", "x 4x1 4x1", "4x3x4", "num_groups=2", false}, "a parameter of shape 4x1"},
        {{"BatchNormalization", "x 2x1 2 2 2", "2x3x4", "", false}, "does not fit a parameter of shape 2x1"},
        {{"BatchNormalization", "x 2 2 2 1x2", "2x3x4", "", false}, "does not fit a parameter of shape 1x2"},
        {{"PRelu", "x 2x1", "2x3x4", "", false}, "broadcast"},
        {{"PRelu", "x 5x2x3x4", "2x3x4", "", false}, "more elements than its input"},
        {{"Conv", "x 3x2x3x3 3x1", "2x6x5", "", false}, "bias of shape 3x1"},
        {{"ConvTranspose", "x 2x3x3x3 3x1", "2x3x4", "", false}, "bias of shape 3x1"},
        {{"Gemm", "x 8x4 4x1", "8", "", false}, "bias of shape 4x1"},
        {{"Clip", "x {nan}", "3", "", false}, "the lower bound, is not a number"},
        {{"Clip", "x {0} {nan}", "3", "", false}, "the upper bound, is not a number"},
        {{"Clip", "x - {nan}", "3", "", false}, "the upper bound, is not a number"},
        {{"Resize", "x - {1,1,nan,2}", "2x3x4", "", false}, "a scale of nan"},
        {{"Resize", "x - {1,1,inf,2}", "2x3x4", "", false}, "a scale of inf"},
        {{"Pad", "x [0,2,0,0,0,0]", "2x4", "mode=reflect", false}, "a dimension of 2: wanted fewer"},
        {{"Pad", "x [0,0,4,0,0,0]", "2x4", "mode=mirror", false}, "'mode' is 'mirror'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e = {"no error"};
        bool ok = build(&cases[i].node, &g, &e);
        cr_expect_not(ok, "case %zu", i);
        cr_expect(strstr(e.text, cases[i].word) && strstr(e.text, "node 'node'"), "case %zu: %s", i, e.text);
        if (ok) graph_destroy(g);
    }
}

/* ONNX: where the lower bound is above the upper one, every element becomes the upper one. */
Test(op_errors, a_clip_with_crossed_bounds) {
    struct graph *g;
    struct error e;
    const float x[] = {-5, 0, 1.5f, 9}, low = 2, high = 1;
    cr_assert(graph_create(&g, &e));
    cr_assert(graph_add_floats(g, "x", &(struct shape){1, {4}}, x, &e), "%s", e.text);
    cr_assert(graph_add_floats(g, "low", &(struct shape){0}, &low, &e), "%s", e.text);
    cr_assert(graph_add_floats(g, "high", &(struct shape){0}, &high, &e), "%s", e.text);
    cr_assert(
        graph_add_node(g, "Clip", "n", (const char *[]){"x", "low", "high"}, 3, (const char *[]){"y"}, 1, NULL, 0, &e),
        "%s", e.text);
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    for (size_t i = 0; i < 4; i++) cr_expect_eq(g->values[g->output].data[i], high);
    graph_destroy(g);
}

/* A LayerNormalization's parameters may have dimensions of 1 in front, or lack those of its input. */
Test(op_errors, a_layernormalization_takes_what_means_the_same) {
    static const struct variant cases[] = {
        {"LayerNormalization", "x 1x8 8", "3x8", "", false},
        {"LayerNormalization", "x 1x1x8 1x8", "3x8", "", false},
        {"LayerNormalization", "x 8 1x8", "1x8", "axis=1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e = {""};
        bool ok = build(&cases[i], &g, &e);
        cr_expect(ok, "case %zu: %s", i, e.text);
        if (ok) graph_destroy(g);
    }
}
