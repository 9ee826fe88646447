/* Attention and rotary embeddings in one node, as newer operator sets and onnxruntime's optimiser have them, give what
 * the products and the Softmax give that they stand for; what is not computed is refused. */
#include "onnx_pairs.h"

TestSuite(onnx_attention, .init = scratch_enter, .fini = scratch_leave);

/* Two heads of two numbers, three tokens. */
#define ATTEND(...)                                                                                                    \
    {                                                                                                                  \
        .opset = 23, .inputs = "x:f:1x3x4", .outputs = "y:f:1x12",                                                     \
        .tensors = {"w:f:4x12", "b:f:12", "m:f:1x1x3x3", "f:i:2=0,-1", "h:i:4=0,0,2,-1", "s:f=0.5", "r:f=1.41421356"}, \
        .nodes = {                                                                                                     \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
/* The same numbers with masks: k keys, t truths; n, u and c what these and a causal mask add. */
#define MASKED(...)                                                                                                    \
    {                                                                                                                  \
        .opset = 23, .inputs = "x:f:1x3x4", .outputs = "y:f:1x12",                                                     \
        .tensors = {"w:f:4x12",                                                                                        \
                    "b:f:12",                                                                                          \
                    "m:f:1x1x3x3",                                                                                     \
                    "f:i:2=0,-1",                                                                                      \
                    "k:i:1x3=1,1,0",                                                                                   \
                    "n:f:1x1x1x3=0,0,-10000",                                                                          \
                    "t:t:3x3=1,0,1,1,1,0,0,1,1",                                                                       \
                    "u:f:3x3=0,-99999,0,0,0,-99999,-99999,0,0",                                                        \
                    "c:f:1x1x3x3=0,-99999,-99999,0,0,-99999,0,0,0",                                                    \
                    "g:i:4=0,0,1,1",                                                                                   \
                    "h:i:4=0,0,-1,1",                                                                                  \
                    "o:f=1.5"},                                                                                        \
        .nodes = {                                                                                                     \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define THREE "MatMul x w > u3", "Split u3 > q p v axis=2 num_outputs=3"
/* One head of four numbers; rows of cosines and sines. */
#define TURNED(...)                                                                                                    \
    {                                                                                                                  \
        .opset = 23, .inputs = "x:f:1x3x4", .outputs = "y:f:1x12",                                                     \
        .tensors = {"c:f:5x2",   "s:f:5x2",   "p:i:1x3=4,0,2", "c1:f:5x1",      "s1:f:5x1",   "a:i:2=0,1",             \
                    "b:i:2=2,3", "e:i:2=0,2", "o:i:2=1,3",     "w:i:4=0,2,1,3", "f:i:2=0,-1", "h:i:4=0,0,2,-1"},       \
        .nodes = {                                                                                                     \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
/* Of x1 and x2, the halves. */
#define ROTATE                                                                                                         \
    "Gather c p > cc", "Gather s p > ss", "Mul x1 cc > d1", "Mul x2 ss > d2", "Sub d1 d2 > r", "Mul x1 ss > d3",       \
        "Mul x2 cc > d4", "Add d3 d4 > i", "Concat r i > t axis=2"

static const struct onnx_pair pairs[] = {
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
    {"Attention with a mask of keys", MASKED("com.microsoft.Attention x w b k > t1 num_heads=2", "Reshape t1 f > y"),
     MASKED("com.microsoft.Attention x w b _ _ n > t1 num_heads=2", "Reshape t1 f > y")},
    {"Attention with a mask of keys that was cast, a filter and a bias",
     MASKED("Cast k > ki to=6", "com.microsoft.Attention x w b ki _ m > t1 num_heads=2 mask_filter_value=-1.5",
            "Reshape t1 f > y"),
     MASKED("Cast k > kf to=1", "Mul kf o > ko", "Sub ko o > a", "Add a m > both",
            "com.microsoft.Attention x w b _ _ both > t1 num_heads=2", "Reshape t1 f > y")},
    {"Attention of no later token",
     MASKED("com.microsoft.Attention x w b > t1 num_heads=2 unidirectional=1", "Reshape t1 f > y"),
     MASKED("com.microsoft.Attention x w b _ _ c > t1 num_heads=2", "Reshape t1 f > y")},
    {"MultiHeadAttention with a mask of keys",
     MASKED(THREE, "com.microsoft.MultiHeadAttention q p v b k > t1 num_heads=2", "Reshape t1 f > y"),
     MASKED(THREE, "com.microsoft.MultiHeadAttention q p v b _ n > t1 num_heads=2", "Reshape t1 f > y")},
    {"Attention of set 23 with truths",
     MASKED(THREE, "Attention q p v t > t1 q_num_heads=2 kv_num_heads=2", "Reshape t1 f > y"),
     MASKED(THREE, "Attention q p v u > t1 q_num_heads=2 kv_num_heads=2", "Reshape t1 f > y")},
    {"Attention of set 23 with truths that are computed",
     MASKED(THREE, "Cast u > ub to=9", "Not ub > un", "Attention q p v un > t1 q_num_heads=2 kv_num_heads=2",
            "Reshape t1 f > y"),
     MASKED(THREE, "Attention q p v u > t1 q_num_heads=2 kv_num_heads=2", "Reshape t1 f > y")},
    {"Attention of set 23 of no later token, with truths",
     MASKED(THREE, "Attention q p v t > t1 q_num_heads=2 kv_num_heads=2 is_causal=1", "Reshape t1 f > y"),
     MASKED(THREE, "Add u c > both", "Attention q p v both > t1 q_num_heads=2 kv_num_heads=2", "Reshape t1 f > y")},
    {"Attention of set 23 with a bound of scores",
     MASKED(THREE, "Attention q p v > t1 q_num_heads=1 kv_num_heads=1 softcap=1.5 scale=1.5", "Reshape t1 f > y"),
     MASKED(THREE, "Transpose p > pt perm=[0,2,1]", "MatMul q pt > d", "Tanh d > h1", "Mul h1 o > g1",
            "Softmax g1 > a axis=-1", "MatMul a v > t1", "Reshape t1 f > y")},
    {"fewer heads of keys than of queries",
     MASKED("Split x > p v axis=2 num_outputs=2", "Attention x p v t > t1 q_num_heads=4 kv_num_heads=2",
            "Reshape t1 f > y"),
     MASKED("Split x > p v axis=2 num_outputs=2", "Gather p g > p4 axis=2", "Gather v g > v4 axis=2",
            "Attention x p4 v4 t > t1 q_num_heads=4 kv_num_heads=4", "Reshape t1 f > y")},
    {"fewer heads of keys than of queries, heads first",
     MASKED("Split x > p v axis=2 num_outputs=2", "Reshape x h > q4", "Transpose q4 > qh perm=[0,2,1,3]",
            "Reshape p h > p4", "Transpose p4 > ph perm=[0,2,1,3]", "Reshape v h > v4",
            "Transpose v4 > vh perm=[0,2,1,3]", "Attention qh ph vh > a is_causal=1", "Transpose a > t1 perm=[0,2,1,3]",
            "Reshape t1 f > y"),
     MASKED("Split x > p v axis=2 num_outputs=2", "Gather p g > p4 axis=2", "Gather v g > v4 axis=2",
            "Attention x p4 v4 c > t1 q_num_heads=4 kv_num_heads=4", "Reshape t1 f > y")},
    {"RotaryEmbedding", TURNED("RotaryEmbedding x c s p > t num_heads=1", "Reshape t f > y"),
     TURNED("Gather x a > x1 axis=2", "Gather x b > x2 axis=2", ROTATE, "Reshape t f > y")},
    {"RotaryEmbedding of rows as they are",
     TURNED("Gather c p > cr", "Gather s p > sr", "RotaryEmbedding x cr sr > t num_heads=1", "Reshape t f > y"),
     TURNED("RotaryEmbedding x c s p > t num_heads=1", "Reshape t f > y")},
    {"RotaryEmbedding, interleaved", TURNED("RotaryEmbedding x c s p > t num_heads=1 interleaved=1", "Reshape t f > y"),
     TURNED("Gather x e > x1 axis=2", "Gather x o > x2 axis=2", ROTATE, "Gather t w > t2 axis=2", "Reshape t2 f > y")},
    {"RotaryEmbedding of a part",
     TURNED("RotaryEmbedding x c1 s1 p > t num_heads=1 rotary_embedding_dim=2", "Reshape t f > y"),
     TURNED("Gather x a > front axis=2", "Gather x b > back axis=2",
            "RotaryEmbedding front c1 s1 p > turned num_heads=1", "Concat turned back > t axis=2", "Reshape t f > y")},
    {"RotaryEmbedding, heads first",
     TURNED("Reshape x h > xs", "Transpose xs > xh perm=[0,2,1,3]", "RotaryEmbedding xh c1 s1 p > r",
            "Transpose r > t perm=[0,2,1,3]", "Reshape t f > y"),
     TURNED("RotaryEmbedding x c1 s1 p > t num_heads=2", "Reshape t f > y")},
    {"com.microsoft's RotaryEmbedding",
     TURNED("com.microsoft.RotaryEmbedding x p c s > t num_heads=1", "Reshape t f > y"),
     TURNED("RotaryEmbedding x c s p > t num_heads=1", "Reshape t f > y")},
};

Test(onnx_attention, equals_what_it_stands_for) {
    check_pairs(pairs, sizeof pairs / sizeof *pairs);
}

/* What is not computed is refused, with the way out. */
Test(onnx_attention, attention_that_is_refused) {
    static const struct {
        const char *node, *wanted[2];
    } cases[] = {
        {"com.microsoft.Attention x w b k > t num_heads=2", {"'k' has other dimensions", "before the optimiser"}},
        {"com.microsoft.Attention x w b x > t num_heads=2", {"not known at load", "before the optimiser"}},
        {"com.microsoft.Attention x w b > t", {"'num_heads' is 0", ""}},
        {"com.microsoft.Attention x w b > t num_heads=2 qkv_hidden_sizes=[4,4,8]", {"'qkv_hidden_sizes'", ""}},
        {"com.microsoft.MultiHeadAttention x x x _ k > t num_heads=2", {"'k' has other dimensions", ""}},
        {"com.microsoft.MultiHeadAttention x x x _ _ _ x > t num_heads=2", {"a cache of keys (input 6)", ""}},
        {"Attention x x x _ x x > t", {"a cache of keys (input 4)", "opset_version=22"}},
        {"Attention x x x > t q_num_heads=4 kv_num_heads=3", {"4 heads of queries and 3 of keys", "a multiple"}},
        {"RotaryEmbedding x r r > t", {"4 dimensions", ""}},
        {"com.microsoft.RotaryEmbedding x k r r > t num_heads=1", {"its positions 'k'", "batch x tokens"}},
        {"com.microsoft.RotaryEmbedding x k r r > t num_heads=1 scale=2.0", {"'scale'", ""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct onnx_words words = {.opset = 23,
                                         .inputs = "x:f:1x3x4",
                                         .outputs = "y:f:1x12",
                                         .tensors = {"w:f:4x12", "b:f:12", "k:i:1=3", "f:i:2=0,-1", "r:f:1x3x2"},
                                         .nodes = {cases[i].node, "Reshape t f > y"}};
        struct graph *g;
        struct error e = {""};
        cr_assert_not(words_load(&words, NULL, &g, &e), "%s", cases[i].node);
        for (int k = 0; k < 2; k++) cr_expect(strstr(e.text, cases[i].wanted[k]), "%s: %s", cases[i].node, e.text);
    }
}
