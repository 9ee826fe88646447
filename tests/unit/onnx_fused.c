/* Nodes of other domains and newer sets give what their definitions give when they are written out in ONNX's own
 * operators; recurrent layers give their last state. */
#include "onnx_pairs.h"

TestSuite(onnx_fused, .init = scratch_enter, .fini = scratch_leave);

#define FLAT(...)                                                                                                      \
    {                                                                                                                  \
        .opset = 20, .inputs = "x:f:1x4", .outputs = "y:f:1x4",                                                        \
        .tensors = {"b:f:4", "s:f:4=1.5,0.5,-1,2", "w:f:4x4",    "one:f=1", "k:i:1=1",                                 \
                    "i:i=1", "a:f=1.702",          "e:f=0.00001"},                                                     \
        .nodes = {                                                                                                     \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define CONV(...)                                                                                                      \
    {                                                                                                                  \
        .opset = 20, .inputs = "x:f:1x2x3x3", .outputs = "y:f:1x3",                                                    \
        .tensors = {"w:f:3x2x2x2", "b:f:3", "z:f:1x3x2x2"}, .nodes = {                                                 \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

static const struct onnx_pair pairs[] = {
    {"Gelu", FLAT("com.microsoft.Gelu x > y"), FLAT("Gelu x > y")},
    {"BiasGelu", FLAT("com.microsoft.BiasGelu x b > y"), FLAT("Add x b > t", "Gelu t > y")},
    {"FastGelu", FLAT("com.microsoft.FastGelu x b > y"), FLAT("Add x b > t", "Gelu t > y approximate=tanh")},
    {"FastGelu without a bias", FLAT("com.microsoft.FastGelu x > y"), FLAT("Gelu x > y approximate=tanh")},
    {"QuickGelu", FLAT("com.microsoft.QuickGelu x > y"), FLAT("Mul x a > t", "Sigmoid t > g", "Mul x g > y")},
    {"LayerNormalization", FLAT("com.microsoft.LayerNormalization x s b > y"), FLAT("LayerNormalization x s b > y")},
    {"SkipLayerNormalization", FLAT("com.microsoft.SkipLayerNormalization x x s b b > y epsilon=0.5"),
     FLAT("Add x x > t", "Add t b > u", "LayerNormalization u s b > y epsilon=0.5")},
    {"ArrayFeatureExtractor of an index without dimensions",
     FLAT("ai.onnx.ml.ArrayFeatureExtractor x i > t", "Concat t x > y axis=1"),
     FLAT("Gather x k > t axis=1", "Concat t x > y axis=1")},
    {"ArrayFeatureExtractor of a list", FLAT("ai.onnx.ml.ArrayFeatureExtractor x k > t", "Concat t x > y axis=1"),
     FLAT("Gather x k > t axis=1", "Concat t x > y axis=1")},
    {"RMSNormalization", FLAT("RMSNormalization x s > y"),
     FLAT("ReduceMean q k > m", "Mul x x > q", "Add m e > n", "Sqrt n > r", "Div x r > d", "Mul d s > y")},
    {"RMSNormalization over more dimensions",
     {.opset = 23,
      .inputs = "x:f:1x3x4",
      .outputs = "y:f:1x12",
      .tensors = {"s:f:3x4", "f:i:2=0,-1"},
      .nodes = {"RMSNormalization x s > t axis=1", "Reshape t f > y"}},
     {.opset = 23,
      .inputs = "x:f:1x3x4",
      .outputs = "y:f:1x12",
      .tensors = {"s:f:3x4", "f:i:2=0,-1", "k:i:2=1,2", "e:f=0.00001"},
      .nodes = {"Mul x x > q", "ReduceMean q k > m", "Add m e > n", "Sqrt n > r", "Div x r > d", "Mul d s > t",
                "Reshape t f > y"}}},
    {"SkipSimplifiedLayerNormalization", FLAT("com.microsoft.SkipSimplifiedLayerNormalization x x s > y"),
     FLAT("Add x x > t", "Mul t t > q", "ReduceMean q k > m", "Add m e > n", "Sqrt n > r", "Div t r > d",
          "Mul d s > y")},
    {"FusedMatMul", FLAT("com.microsoft.FusedMatMul x w > y transB=1 alpha=1.702"),
     FLAT("Transpose w > t perm=[1,0]", "MatMul x t > m", "Mul m a > y")},
    {"FusedGemm", FLAT("com.microsoft.FusedGemm x w b > r activation=LeakyRelu leaky_relu_alpha=0.3", "MatMul r w > y"),
     FLAT("Gemm x w b > t", "LeakyRelu t > r alpha=0.3", "MatMul r w > y")},
    {"FusedConv",
     CONV("com.microsoft.FusedConv x w b z > r activation=Relu pads=[1,1,0,0] strides=[2,2]", "GlobalAveragePool r > p",
          "Flatten p > y"),
     CONV("Conv x w b > c pads=[1,1,0,0] strides=[2,2]", "Add c z > t", "Relu t > r", "GlobalAveragePool r > p",
          "Flatten p > y")},
    {"Scaler",
     FLAT("ai.onnx.ml.Scaler x > t offset=[0.5,1,-1,2] scale=[1.5,0.5,-1,2]", "MatMul t w > y"),
     {.opset = 20,
      .inputs = "x:f:1x4",
      .outputs = "y:f:1x4",
      .tensors = {"o:f:4=0.5,1,-1,2", "s:f:4=1.5,0.5,-1,2", "w:f:4x4"},
      .nodes = {"Sub x o > c", "Mul c s > t", "MatMul t w > y"}}},
    {"Normalizer", FLAT("ai.onnx.ml.Normalizer x > t norm=L2", "MatMul t w > y"),
     FLAT("ReduceL2 x k > n", "Div x n > t", "MatMul t w > y")},
    {"LinearRegressor",
     FLAT("ai.onnx.ml.LinearRegressor x > y targets=2 coefficients=[1.5,2,3,4,5,6,7,8] "
          "intercepts=[0.5,-1]"),
     {.opset = 20,
      .inputs = "x:f:1x4",
      .outputs = "y:f:1x2",
      .tensors = {"w:f:2x4=1.5,2,3,4,5,6,7,8", "b:f:2=0.5,-1"},
      .nodes = {"Gemm x w b > y transB=1"}}},
    {"LinearClassifier and Normalizer",
     FLAT("ai.onnx.ml.LinearClassifier x > label p classlabels_ints=[0,1] coefficients=[1.5,2,3,4,5,6,7,8] "
          "intercepts=[0.5,-1] post_transform=LOGISTIC",
          "ai.onnx.ml.Normalizer p > y norm=L1"),
     {.opset = 20,
      .inputs = "x:f:1x4",
      .outputs = "y:f:1x2",
      .tensors = {"w:f:2x4=1.5,2,3,4,5,6,7,8", "b:f:2=0.5,-1"},
      .nodes = {"Gemm x w b > y transB=1"}}},
    {"Col2Im",
     {.opset = 20,
      .inputs = "x:f:1x4x6",
      .outputs = "y:f:1x12",
      .tensors = {"i:i:2=3,4", "k:i:2=2,2"},
      .nodes = {"Col2Im x i k > c", "Flatten c > y"}},
     {.opset = 20,
      .inputs = "x:f:1x4x6",
      .outputs = "y:f:1x12",
      .tensors = {"s:i:4=0,4,2,3", "w:f:4x1x2x2=1,0,0,0,0,1,0,0,0,0,1,0,0,0,0,1"},
      .nodes = {"Reshape x s > r", "ConvTranspose r w > c", "Flatten c > y"}}},
#define STEPS(...)                                                                                                     \
    {                                                                                                                  \
        .opset = 20, .inputs = "x:f:1x4x3", .outputs = "y:f:1x2",                                                      \
        .tensors = {"w:f:1x8x3", "r:f:1x8x2", "b:f:1x16", "k:i:1=1", "z:i:1=0", "last:i:1=-1", "far:i:1=9"},           \
        .nodes = {                                                                                                     \
            "Transpose x > t perm=[1,0,2]",                                                                            \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
    {"the last state of an LSTM", STEPS("LSTM t w r b > _ h hidden_size=2", "Squeeze h z > y"),
     STEPS("LSTM t w r b > a hidden_size=2", "Slice a last far z > l", "Squeeze l > q", "Unsqueeze q z > y")},
    {"an LSTM with the batch in front",
     {.opset = 20,
      .inputs = "x:f:1x4x3",
      .outputs = "y:f:1x8",
      .tensors = {"w:f:1x8x3", "r:f:1x8x2", "b:f:1x16", "h:f:1x1x2=0.5,-1", "c:f:1x1x2=1,0.25", "f:i:2=0,-1"},
      .nodes = {"LSTM x w r b _ h c > a layout=1 hidden_size=2", "Reshape a f > y"}},
     {.opset = 20,
      .inputs = "x:f:1x4x3",
      .outputs = "y:f:1x8",
      .tensors = {"w:f:1x8x3", "r:f:1x8x2", "b:f:1x16", "h:f:1x1x2=0.5,-1", "c:f:1x1x2=1,0.25", "f:i:2=0,-1"},
      .nodes = {"Transpose x > t perm=[1,0,2]", "LSTM t w r b _ h c > s hidden_size=2",
                "Transpose s > a perm=[2,0,1,3]", "Reshape a f > y"}}},
    {"the last state of a GRU with the batch in front",
     {.opset = 20,
      .inputs = "x:f:1x4x3",
      .outputs = "y:f:1x4",
      .tensors = {"w:f:2x6x3", "r:f:2x6x2", "f:i:2=0,-1"},
      .nodes = {"GRU x w r > _ a layout=1 hidden_size=2 direction=bidirectional", "Reshape a f > y"}},
     {.opset = 20,
      .inputs = "x:f:1x4x3",
      .outputs = "y:f:1x4",
      .tensors = {"w:f:2x6x3", "r:f:2x6x2", "f:i:2=0,-1"},
      .nodes = {"Transpose x > t perm=[1,0,2]", "GRU t w r > _ s hidden_size=2 direction=bidirectional",
                "Transpose s > a perm=[1,0,2]", "Reshape a f > y"}}},
    {"the last cell of an LSTM of one step, which is the input gate times the new cell",
     {.opset = 20,
      .inputs = "x:f:1x1x3",
      .outputs = "y:f:1x2",
      .tensors = {"w:f:1x8x3", "r:f:1x8x2", "b:f:1x16", "p:i:3=1,0,2", "z:i:1=0", "ri:i:2=0,1", "rc:i:2=6,7",
                  "k:i:1=1"},
      .nodes = {"Transpose x > t perm=[1,0,2]", "LSTM t w r b > _ _ c hidden_size=2", "Squeeze c z > y"}},
     {.opset = 20,
      .inputs = "x:f:1x1x3",
      .outputs = "y:f:1x2",
      .tensors = {"w:f:1x8x3", "r:f:1x8x2", "b:f:1x16", "z:i:1=0", "ri:i:2=0,1", "rc:i:2=6,7", "v:i:2=2,8", "k:i:1=1",
                  "one:i:1=1"},
      .nodes = {"Squeeze w z > w2", "Squeeze x k > x2", "Gemm x2 w2 > g transB=1", "Reshape b v > bs",
                "ReduceSum bs z > s keepdims=0", "Add g s > a", "Gather a ri > i axis=1", "Gather a rc > c axis=1",
                "Sigmoid i > i2", "Tanh c > c2", "Mul i2 c2 > y"}}},
    {"the last cells of an LSTM both ways with the batch in front, beside its states",
     {.opset = 20,
      .inputs = "x:f:1x4x3",
      .outputs = "y:f:1x8",
      .tensors = {"w:f:2x8x3", "r:f:2x8x2", "b:f:2x16", "f:i:2=0,-1"},
      .nodes = {"LSTM x w r b > _ h c layout=1 hidden_size=2 direction=bidirectional", "Concat h c > q axis=1",
                "Reshape q f > y"}},
     {.opset = 20,
      .inputs = "x:f:1x4x3",
      .outputs = "y:f:1x8",
      .tensors = {"w:f:2x8x3", "r:f:2x8x2", "b:f:2x16", "f:i:2=0,-1"},
      .nodes = {"Transpose x > t perm=[1,0,2]", "LSTM t w r b > _ h0 c0 hidden_size=2 direction=bidirectional",
                "Transpose h0 > h perm=[1,0,2]", "Transpose c0 > c perm=[1,0,2]", "Concat h c > q axis=1",
                "Reshape q f > y"}}},
    {"the last state of an LSTM that goes back",
     STEPS("LSTM t w r b > a h hidden_size=2 direction=reverse", "Squeeze h z > y"),
     STEPS("LSTM t w r b > a hidden_size=2 direction=reverse", "Slice a z k z > l", "Squeeze l > q",
           "Unsqueeze q z > y")},
};

Test(onnx_fused, equals_what_it_stands_for) {
    check_pairs(pairs, sizeof pairs / sizeof *pairs);
}

/* Sets that are not known yet may mean other things by the same names. */
Test(onnx_fused, operator_sets) {
    struct onnx_words words = {
        .inputs = "x:f:1x4", .outputs = "y:f:1x3", .tensors = {"w:f:4x3"}, .nodes = {"MatMul x w > y"}};
    static const struct {
        int opset;
        bool known;
    } cases[] = {{7, true}, {20, true}, {22, true}, {23, true}, {24, false}, {99, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = NULL;
        struct error e = {""};
        words.opset = cases[i].opset;
        cr_expect(words_load(&words, NULL, &g, &e) == cases[i].known, "%d: %s", cases[i].opset, e.text);
        if (cases[i].known) graph_destroy(g);
        else cr_expect(strstr(e.text, "sets 1 to 23 are known") && strstr(e.text, "opset_version=23"), "%s", e.text);
    }
}

/* scikit-learn's layers of parameters, and the head that is taken off. */
Test(onnx_fused, a_classifier_of_scikit_learn) {
    static const struct onnx_words words = {
        .opset = 20,
        .inputs = "x:f:1x4",
        .outputs = "label:i:1 probabilities:f:1x2",
        .tensors = {NULL},
        .nodes = {"ai.onnx.ml.LinearClassifier x > label raw classlabels_ints=[0,1] coefficients=[1.5,2,3,4,5,6,7,8] "
                  "intercepts=[0.5,-1] post_transform=SOFTMAX",
                  "ai.onnx.ml.Normalizer raw > probabilities norm=L1"}};
    struct graph *g;
    struct error e = {""};
    cr_assert(words_load(&words, NULL, &g, &e), "%s", e.text);
    cr_assert_eq(g->layer_count, 1);
    cr_expect_eq(g->layers[0].parameter_count, 2);
    cr_expect(strstr(g->warning, "ends in a Softmax") && strstr(g->warning, "'probabilities' is taken"), "%s",
              g->warning);
    graph_destroy(g);
}

Test(onnx_fused, what_is_not_supported_is_refused) {
    static const struct {
        struct onnx_words words;
        const char *wanted;
    } cases[] = {
        {FLAT("ai.onnx.ml.Scaler x > y"), "node of 'y' (Scaler): attribute 'offset' is missing"},
        {FLAT("ai.onnx.ml.LinearRegressor x > y targets=3 coefficients=[1.5,2]"), "no matrix of 3 rows"},
        {FLAT("ai.onnx.ml.LinearRegressor x > y post_transform=PROBIT"), "post_transform"},
        {FLAT("com.microsoft.FusedGemm x w b > y activation=Mish"), "'activation'"},
        {FLAT("com.microsoft.BiasGelu x > y"), "input 1 is absent"},
        {FLAT("ai.onnx.ml.TreeEnsembleRegressor x > y"), "decision trees are steps"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e = {""};
        cr_assert_not(words_load(&cases[i].words, NULL, &g, &e), "case %zu", i);
        cr_expect(strstr(e.text, cases[i].wanted), "case %zu: %s", i, e.text);
    }
}
