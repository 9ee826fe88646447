/* Nodes of other domains and newer sets give what their definitions give when they are written out in ONNX's own
 * operators; recurrent layers give their last state. */
#include "onnx_text.h"

#include "nn/net.h"

#include <math.h>

TestSuite(onnx_fused, .init = scratch_enter, .fini = scratch_leave);

#define MOST_LOGITS 16

/* Logits of one sample whose elements lie between -2 and 2. */
static uint32_t run(const struct onnx_words *words, const char *what, float *logits) {
    struct graph *g;
    struct weights *weights;
    struct net *net;
    struct error e = {""};
    float x[64];
    for (int i = 0; i < 64; i++) x[i] = (float)(i * 29 % 17 - 8) / 4;
    cr_assert(words_load(words, NULL, &g, &e), "%s: %s", what, e.text);
    cr_assert(shape_count(&g->sample) <= 64 && g->classes <= MOST_LOGITS);
    cr_expect_not(strstr(what, "Attention") && g->single, "%s: a batch is run sample by sample", what);
    cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e) && net_forward(net, 1, x, logits, &e),
              "%s: %s", what, e.text);
    uint32_t classes = g->classes;
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(g);
    return classes;
}

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

static const struct {
    const char *what;
    struct onnx_words fused, plain;
} pairs[] = {
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
/* Two heads of two numbers, three tokens. */
#define ATTEND(...)                                                                                                    \
    {                                                                                                                  \
        .opset = 23, .inputs = "x:f:1x3x4", .outputs = "y:f:1x12",                                                     \
        .tensors = {"w:f:4x12", "b:f:12", "m:f:1x1x3x3", "f:i:2=0,-1", "h:i:4=0,0,2,-1", "s:f=0.5", "r:f=1.41421356"}, \
        .nodes = {                                                                                                     \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
    {"com.microsoft's Attention", ATTEND("com.microsoft.Attention x w b _ _ m > t num_heads=2", "Reshape t f > y"),
     ATTEND("MatMul x w > u", "Add u b > p", "Split p > q k v axis=2 num_outputs=3", "Reshape q h > qs",
            "Reshape k h > ks", "Reshape v h > vs", "Einsum qs ks > d equation=bihx,bjhx->bhij", "Div d r > e",
            "Add e m > g", "Softmax g > a axis=-1", "Einsum a vs > o equation=bhij,bjhx->bihx", "Reshape o f > y")},
    {"com.microsoft's Attention without a bias, scaled",
     ATTEND("com.microsoft.Attention x w > t num_heads=2 scale=0.5", "Reshape t f > y"),
     ATTEND("MatMul x w > p", "Split p > q k v axis=2 num_outputs=3", "Reshape q h > qs", "Reshape k h > ks",
            "Reshape v h > vs", "Einsum qs ks > d equation=bihx,bjhx->bhij", "Mul d s > g", "Softmax g > a axis=-1",
            "Einsum a vs > o equation=bhij,bjhx->bihx", "Reshape o f > y")},
    {"com.microsoft's MultiHeadAttention",
     ATTEND("MatMul x w > u", "Split u > q k v axis=2 num_outputs=3",
            "com.microsoft.MultiHeadAttention q k v b _ m > t num_heads=2", "Reshape t f > y"),
     ATTEND("com.microsoft.Attention x w b _ _ m > t num_heads=2", "Reshape t f > y")},
    {"Attention of set 23",
     ATTEND("MatMul x w > u", "Split u > q k v axis=2 num_outputs=3",
            "Attention q k v m > t q_num_heads=2 kv_num_heads=2", "Reshape t f > y"),
     ATTEND("com.microsoft.Attention x w _ _ _ m > t num_heads=2", "Reshape t f > y")},
    {"Attention of set 23, heads first",
     ATTEND("MatMul x w > u", "Split u > q k v axis=2 num_outputs=3", "Reshape q h > qs", "Reshape k h > ks",
            "Reshape v h > vs", "Transpose qs > qh perm=[0,2,1,3]", "Transpose ks > kh perm=[0,2,1,3]",
            "Transpose vs > vh perm=[0,2,1,3]", "Attention qh kh vh > o scale=0.5", "Transpose o > t perm=[0,2,1,3]",
            "Reshape t f > y"),
     ATTEND("com.microsoft.Attention x w > t num_heads=2 scale=0.5", "Reshape t f > y")},
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
    {"the last state of an LSTM that goes back",
     STEPS("LSTM t w r b > a h hidden_size=2 direction=reverse", "Squeeze h z > y"),
     STEPS("LSTM t w r b > a hidden_size=2 direction=reverse", "Slice a z k z > l", "Squeeze l > q",
           "Unsqueeze q z > y")},
};

Test(onnx_fused, equals_what_it_stands_for) {
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        float fused[MOST_LOGITS], plain[MOST_LOGITS];
        uint32_t n = run(&pairs[i].fused, pairs[i].what, fused);
        cr_assert_eq(run(&pairs[i].plain, pairs[i].what, plain), n, "%s", pairs[i].what);
        for (uint32_t k = 0; k < n; k++)
            cr_expect_float_eq(fused[k], plain[k], 1e-5, "%s, %u: %g, wanted %g", pairs[i].what, k, (double)fused[k],
                               (double)plain[k]);
    }
}

/* What is not computed is refused, with the way out. */
Test(onnx_fused, attention_that_is_refused) {
    static const struct {
        const char *node, *wanted[2];
    } cases[] = {
        {"com.microsoft.Attention x w b k > t num_heads=2", {"a mask (input 3)", "before the optimiser"}},
        {"com.microsoft.Attention x w b > t num_heads=2 unidirectional=1",
         {"'unidirectional'", "before the optimiser"}},
        {"com.microsoft.Attention x w b > t", {"'num_heads' is 0", ""}},
        {"com.microsoft.Attention x w b > t num_heads=2 qkv_hidden_sizes=[4,4,8]", {"'qkv_hidden_sizes'", ""}},
        {"com.microsoft.MultiHeadAttention x x x _ k > t num_heads=2", {"a mask (input 4)", "before the optimiser"}},
        {"Attention x x x > t is_causal=1", {"'is_causal'", "opset_version=22"}},
        {"Attention x x x _ x x > t", {"a cache of keys (input 4)", "opset_version=22"}},
        {"Attention x x x > t q_num_heads=4 kv_num_heads=2", {"4 heads of queries and 2 of keys", "opset_version=22"}},
        {"Attention x x x > t softcap=0.5", {"'softcap'", "opset_version=22"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct onnx_words words = {.opset = 23,
                                         .inputs = "x:f:1x3x4",
                                         .outputs = "y:f:1x12",
                                         .tensors = {"w:f:4x12", "b:f:12", "k:i:1=3", "f:i:2=0,-1"},
                                         .nodes = {cases[i].node, "Reshape t f > y"}};
        struct graph *g;
        struct error e = {""};
        cr_assert_not(words_load(&words, NULL, &g, &e), "%s", cases[i].node);
        for (int k = 0; k < 2; k++)
            cr_expect(strstr(e.text, cases[i].wanted[k]) && strstr(e.text, "Attention)"), "%s: %s", cases[i].node,
                      e.text);
    }
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
