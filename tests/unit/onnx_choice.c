/* What is taken of an ONNX file: outputs, heads, sizes, parameters, precisions; and what is said. */
#include "onnx_text.h"

#include "nn/activations.h"
#include "nn/graph_pair.h"
#include "nn/net.h"

#include <math.h>

TestSuite(onnx_choice, .init = scratch_enter, .fini = scratch_leave);

/* ---- Outputs ---- */

#define TRUNK .opset = 17, .inputs = "x:f:1x4", .tensors = {"w:f:4x3", "v:f:3x2", "k:i:1=1"}

static const struct output_case {
    const char *what;
    struct onnx_words words;
    struct onnx_options options;
    const char *taken;     /* the name of the output that is taken, or NULL: refused */
    const char *wanted[2]; /* in the warning, or in the error */
} output_cases[] = {
    {"one output says nothing",
     {TRUNK, .outputs = "y:f:1x3", .nodes = {"MatMul x w > y"}},
     {.output = NULL},
     "y",
     {NULL}},
    {"the one that is called logits",
     {TRUNK, .outputs = "feat:f:1x3 logits:f:1x2", .nodes = {"MatMul x w > feat", "MatMul feat v > logits"}},
     {.output = NULL},
     "logits",
     {"output 'logits' is taken, not 'feat'", "--model-output"}},
    {"by name",
     {TRUNK, .outputs = "feat:f:1x3 logits:f:1x2", .nodes = {"MatMul x w > feat", "MatMul feat v > logits"}},
     {.output = "feat"},
     "feat",
     {"output 'feat' is taken, not 'logits'"}},
    {"an unknown name",
     {TRUNK, .outputs = "feat:f:1x3 logits:f:1x2", .nodes = {"MatMul x w > feat", "MatMul feat v > logits"}},
     {.output = "logit"},
     NULL,
     {"did you mean 'logits'?", "'feat' of 1 x 3, 'logits' of 1 x 2"}},
    {"two that could be it",
     {TRUNK, .outputs = "a:f:1x3 b:f:1x2", .nodes = {"MatMul x w > a", "MatMul a v > b"}},
     {.output = NULL},
     NULL,
     {"several outputs could be the network's", "--model-output"}},
    {"labels and a map of positions are no candidates",
     {TRUNK, .outputs = "label:i:1 map:f:1x3x4 a:f:1x3", .nodes = {"MatMul x w > a", "ArgMax a > label axis=1"}},
     {.output = NULL},
     "a",
     {"'a' is taken, not 'label', 'map'"}},
    {"labels alone",
     {TRUNK, .outputs = "label:i:1", .nodes = {"MatMul x w > a", "ArgMax a > label axis=1"}},
     {.output = NULL},
     NULL,
     {"holds no floating-point numbers"}},
    {"labels by name",
     {TRUNK, .outputs = "label:i:1 a:f:1x3", .nodes = {"MatMul x w > a", "ArgMax a > label axis=1"}},
     {.output = "label"},
     NULL,
     {"'label' holds no floating-point numbers"}},
    {"nodes of other outputs are not looked at",
     {TRUNK, .outputs = "y:f:1x3 other:f:1x3", .nodes = {"MatMul x w > y", "Unheard y > other"}},
     {.output = "y"},
     "y",
     {"not 'other'"}},
    {"a detector's score of one place",
     {TRUNK, .outputs = "score:f:?x1 boxes:f:?x3", .nodes = {"MatMul x w > boxes", "ReduceMax boxes > score axes=[1]"}},
     {.output = NULL},
     NULL,
     {"it looks like a detector, whose scores are of places and not of classes: its outputs are 'score' of N x 1"}},
    {"a detector's scores, asked for",
     {TRUNK, .outputs = "score:f:?x1 boxes:f:?x3", .nodes = {"MatMul x w > boxes", "ReduceMax boxes > score axes=[1]"}},
     {.output = "score"},
     "score",
     {"not 'boxes'"}},
    {"classes beside boxes",
     {TRUNK, .outputs = "prob:f:?x3 bbox:f:?x4", .nodes = {"MatMul x w > prob", "Identity x > bbox"}},
     {.output = NULL},
     "prob",
     {"not 'bbox'"}},
    {"positions",
     {TRUNK, .outputs = "seg:f:1x3x4", .nodes = {"MatMul x w > a", "Unsqueeze a k > b", "Tile b r > seg"}},
     {.output = NULL},
     NULL,
     {"'r' is defined nowhere"}},
};

Test(onnx_choice, outputs) {
    for (size_t i = 0; i < sizeof output_cases / sizeof *output_cases; i++) {
        const struct output_case *c = &output_cases[i];
        struct graph *g = NULL;
        struct error e = {""};
        bool ok = words_load(&c->words, &c->options, &g, &e);
        cr_assert(ok == (c->taken != NULL), "%s: %s", c->what, e.text);
        const char *said = ok ? g->warning : e.text;
        if (ok) cr_expect_str_eq(g->values[g->file_output].name, c->taken, "%s", c->what);
        if (ok) cr_expect_eq(g->taken != NULL, c->wanted[0] != NULL, "%s", c->what);
        if (!c->wanted[0]) cr_expect_null(said, "%s: %s", c->what, said);
        for (int k = 0; k < 2 && c->wanted[k]; k++)
            cr_expect(said && strstr(said, c->wanted[k]), "%s: '%s' lacks '%s'", c->what, said, c->wanted[k]);
        if (ok) graph_destroy(g);
    }
}

/* A map of 3 x 2 x 2: refused as it is, or one number for each of the 3. */
static const struct onnx_words map = {.opset = 17,
                                      .inputs = "x:f:1x2x2x2",
                                      .outputs = "seg:f:1x3x2x2",
                                      .tensors = {"w:f:3x2x1x1=1,0,0,1,1,1"},
                                      .nodes = {"Conv x w > seg"}};

Test(onnx_choice, outputs_with_positions_are_refused_or_reduced) {
    static const struct {
        struct onnx_options options;
        uint32_t classes;
        float wanted[3];
        const char *taken;
    } cases[] = {
        {{.reduce = ONNX_REDUCE_SUM}, 3, {10, 26, 36}, "seg, sum over positions"},
        {{.reduce = ONNX_REDUCE_MEAN}, 3, {2.5f, 6.5f, 9}, "seg, mean over positions"},
        {{.reduce = ONNX_REDUCE_SUM, .pick = true, .index = 1}, 1, {26}, "seg, sum over positions, class 1"},
    };
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct graph *g;
    struct error e = {""};
    cr_expect_not(words_load(&map, NULL, &g, &e));
    cr_expect(strstr(e.text, "1x3x2x2") && strstr(e.text, "reduce: mean"), "%s", e.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weights *weights;
        struct net *net;
        float logits[3];
        cr_assert(words_load(&map, &cases[i].options, &g, &e), "%s", e.text);
        cr_assert_eq(g->classes, cases[i].classes);
        cr_expect_str_eq(g->taken, cases[i].taken);
        cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e) &&
                      net_forward(net, 1, x, logits, &e),
                  "%s", e.text);
        for (uint32_t k = 0; k < g->classes; k++) cr_expect_float_eq(logits[k], cases[i].wanted[k], 1e-5);
        net_destroy(net);
        weights_destroy(weights);
        graph_destroy(g);
    }
    cr_expect_not(
        words_load(&map, &(struct onnx_options){.reduce = ONNX_REDUCE_SUM, .pick = true, .index = 3}, &g, &e));
}

/* ---- Heads ---- */

static const struct head_case {
    struct onnx_words words;
    const char *output, *warning, *saturating;
} head_cases[] = {
#define HEAD(...)                                                                                                      \
    {                                                                                                                  \
        .opset = 17, .inputs = "x:f:1x4", .outputs = "y:f:1x3",                                                        \
        .tensors = {"w:f:4x3",  "one:i:1=1",  "low:f=0.000001", "high:f=0.999999", "shape:i:2=1,3",                    \
                    "unit:f=1", "minus:f=-1", "hundred:f=100",  "each:f:3=1,2,3"},                                     \
        .nodes = {                                                                                                     \
            "MatMul x w > a",                                                                                          \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
    {HEAD("Sigmoid a > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Sigmoid a > s", "Reshape s shape > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Sigmoid a > s", "Clip s low high > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Softmax a > s", "Log s > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Softmax a > s", "Clip s low high > c", "Log c > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Softmax a > s", "Max s low > c", "Log c > i", "Identity i > y"), "a", "ends in a Softmax", NULL},
    {HEAD("LogSoftmax a > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Exp a > e", "ReduceSum e one > t", "Div e t > y"), "a", "ends in a Softmax", NULL},
    {HEAD("ReduceMax a > m axes=[1]", "Sub a m > d", "Exp d > e", "ReduceSum e one > t", "Div e t > y"), "a",
     "ends in a Softmax", NULL},
    {HEAD("ReduceLogSumExp a > m axes=[1]", "Sub a m > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Relu a > r", "Softmax r > y"), "a", "ends in a Relu and a Softmax", NULL},
    {HEAD("Neg a > n", "Exp n > e", "Add e unit > t", "Div unit t > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Neg a > n", "Exp n > e", "Add unit e > t", "Reciprocal t > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Mul a minus > n", "Exp n > e", "Add e unit > t", "Div unit t > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Exp a > e", "Add e unit > t", "Div e t > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Exp a > e", "Add e unit > t", "Div unit t > y"), "y", NULL, NULL},
    {HEAD("Neg a > n", "Exp n > e", "Add e high > t", "Div unit t > y"), "y", NULL, NULL},
    {HEAD("Clip a low high > y"), "y", NULL, "Clip"},
    {HEAD("Tanh a > y"), "y", NULL, "Tanh"},
    {HEAD("Sigmoid a > s", "Mul s high > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Softmax a > s", "Mul hundred s > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Softmax a > s", "Div s hundred > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Div a hundred > t", "Softmax t > y"), "t", "ends in a Softmax", NULL},
    {HEAD("Softmax a > s", "Log s > l", "Div l hundred > t", "Softmax t > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Softmax a > s", "Sub s high > d", "Mul d hundred > y"), "a", "ends in a Softmax", NULL},
    {HEAD("LogSoftmax a > l", "Exp l > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Softmax a > s", "Pow s hundred > y"), "a", "ends in a Softmax", NULL},
    {HEAD("Sigmoid a > s", "ReduceSum s one > t", "Div s t > y"), "a", "ends in a Sigmoid", NULL},
    {HEAD("Softmax a > s", "Mul s minus > y"), "y", NULL, "Softmax"},
    {HEAD("Softmax a > s", "Sub unit s > y"), "y", NULL, "Softmax"},
    {HEAD("Softmax a > s", "Div unit s > y"), "y", NULL, "Softmax"},
    {HEAD("Softmax a > s", "Mul s each > y"), "y", NULL, "Softmax"},
    {HEAD("Softmax a > s", "Add s each > y"), "y", NULL, "Softmax"},
    {HEAD("LogSoftmax a > l", "Pow l hundred > y"), "y", NULL, NULL},
    {HEAD("Softmax a > s", "Sigmoid a > t", "Add s t > m", "Div m hundred > y"), "y", NULL, "Softmax"},
    {HEAD("Softmax a > s", "Add s a > y"), "y", NULL, NULL},
    {HEAD("Sigmoid a > s", "ReduceSum a one > t", "Div s t > y"), "y", NULL, NULL},
    {HEAD("HardSigmoid a > p", "Sub unit p > q", "Concat q p > c axis=1", "ReduceSum a one > t", "Sub c t > y"), "y",
     NULL, NULL},
    {HEAD("HardSigmoid a > p", "Sub unit p > q", "Concat q p > y axis=1"), "y", NULL, "HardSigmoid"},
    {HEAD("Sigmoid a > p", "Sub unit p > q", "Concat q p > y axis=1"), "y", NULL, "Sigmoid"},
    {HEAD("Log a > y"), "y", NULL, NULL},
    {HEAD("Exp a > e", "ReduceSum e one > t", "Sub e t > y"), "y", NULL, NULL},
    {HEAD("Exp a > e", "ReduceSum a one > t", "Div e t > y"), "y", NULL, NULL},
};

Test(onnx_choice, heads) {
    for (size_t i = 0; i < sizeof head_cases / sizeof *head_cases; i++) {
        const struct head_case *c = &head_cases[i];
        struct graph *g;
        struct error e = {""};
        cr_assert(words_load(&c->words, NULL, &g, &e), "case %zu: %s", i, e.text);
        cr_expect_str_eq(g->values[g->output].name, c->output, "case %zu", i);
        cr_expect(c->warning ? g->warning && strstr(g->warning, c->warning) : !g->warning, "case %zu: %s", i,
                  g->warning);
        const char *saturating = graph_saturating(g);
        cr_expect(c->saturating ? saturating && strcmp(saturating, c->saturating) == 0 : !saturating, "case %zu: %s", i,
                  saturating);
        graph_destroy(g);
    }
}

/* ---- Columns that were made apart ---- */

/* Of a = x w, three numbers, and b, the first of them: which enters the Sigmoid of a column, and with which sign. */
static const struct column_case {
    struct onnx_words words;
    const char *what;
    unsigned count, from[3];
    int sign[3]; /* 0: no such columns */
    bool paired;
} column_cases[] = {
#define COLUMNS(classes, ...)                                                                                          \
    {                                                                                                                  \
        .opset = 17, .inputs = "x:f:?x4", .outputs = "y:f:?x" #classes,                                                \
        .tensors = {"w:f:4x3",   "unit:f=1",    "zero:i:1=0", "one:i:1=1",                                             \
                    "two:i:1=2", "three:i:1=3", "low:f=0.01", "high:f=0.99"},                                          \
        .nodes = {                                                                                                     \
            "MatMul x w > a",                                                                                          \
            "Slice a zero one one > b",                                                                                \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
    {COLUMNS(2, "Sigmoid b > p", "Sub unit p > q", "Concat q p > y axis=1"), "scikit-learn", 2, {0, 0}, {-1, 1}, true},
    {COLUMNS(2, "Sigmoid b > p", "Sub unit p > q", "Concat p q > y axis=-1"), "p first", 2, {0, 0}, {1, -1}, true},
    {COLUMNS(2, "Sigmoid b > p", "Neg p > n", "Add n unit > q", "Concat q p > y axis=1"),
     "-p + 1",
     2,
     {0, 0},
     {-1, 1},
     true},
    {COLUMNS(2, "Neg b > n", "Exp n > e", "Add e unit > t", "Div unit t > p", "Sub unit p > q",
             "Concat q p > y axis=1"),
     "a Sigmoid written out",
     2,
     {0, 0},
     {-1, 1},
     true},
    {COLUMNS(2, "Sigmoid b > p", "Sub unit p > q", "Concat q p > c axis=1", "Clip c low high > k", "Log k > y"),
     "the logarithm of both",
     2,
     {0, 0},
     {-1, 1},
     true},
    {COLUMNS(2, "Sigmoid b > p", "Sub unit p > q", "Log p > lp", "Log q > lq", "Concat lq lp > y axis=1"),
     "logarithms joined",
     2,
     {0, 0},
     {-1, 1},
     true},
    {COLUMNS(2, "Sigmoid b > p", "Clip p low high > k", "Sub unit k > q", "Concat q k > y axis=1"),
     "bounds below",
     2,
     {0, 0},
     {-1, 1},
     true},
    {COLUMNS(2, "Flatten b > f axis=0", "Sigmoid f > p", "Sub unit p > q", "Concat q p > c axis=1", "Softmax c > y"),
     "a Softmax over it",
     2,
     {0, 0},
     {-1, 1},
     true},
    {COLUMNS(3, "Sigmoid a > s", "Slice s zero one one > p", "Slice s one two one > q", "Slice s two three one > r",
             "Concat r p q > c axis=1", "ReduceSum c one > t", "Div c t > y"),
     "one network for each class",
     3,
     {2, 0, 1},
     {1, 1, 1},
     false},
    {COLUMNS(2, "Sigmoid a > s", "Gather s one > p axis=1", "Gather s two > r axis=1", "Sub unit r > q",
             "Concat p q > y axis=1"),
     "two that differ",
     2,
     {1, 2},
     {1, -1},
     false},
    {COLUMNS(2, "Sigmoid b > p", "Sub unit p > q", "Log p > lp", "Concat q lp > y axis=1"),
     "one logarithm",
     2,
     {0},
     {0},
     false},
    {COLUMNS(2, "Sigmoid b > p", "Sub high p > q", "Concat q p > y axis=1"), "not one minus p", 2, {0}, {0}, false},
    {COLUMNS(2, "Tanh b > p", "Sub unit p > q", "Concat q p > y axis=1"), "no Sigmoid", 2, {0}, {0}, false},
    {COLUMNS(2, "Sigmoid b > p", "Log p > l", "Sub unit l > q", "Concat q p > y axis=1"),
     "1 - log p",
     2,
     {0},
     {0},
     false},
};

Test(onnx_choice, columns) {
    static const float x[2][4] = {{.3f, -1.1f, .7f, .2f}, {-2, .4f, 1.5f, -.6f}};
    for (size_t i = 0; i < sizeof column_cases / sizeof *column_cases; i++) {
        const struct column_case *c = &column_cases[i];
        struct graph *g;
        struct weights *weights;
        struct net *net;
        struct error e = {""};
        float logits[2][3], gradient[2][4];
        cr_assert(words_load(&c->words, NULL, &g, &e), "%s: %s", c->what, e.text);
        cr_expect_eq(g->paired, c->paired, "%s", c->what);
        cr_expect_eq(g->added > 0, c->sign[0] != 0, "%s", c->what);
        cr_expect_eq(g->warning != NULL, c->sign[0] != 0, "%s: %s", c->what, g->warning);
        cr_assert_eq(g->classes, c->count);
        cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e), "%s", e.text);
        cr_assert(net_forward(net, 2, &x[0][0], &logits[0][0], &e), "%s", e.text);
        const float *w = g->values[g->layers[0].parameters[0]].data, *out = &logits[0][0];
        for (unsigned k = 0; c->sign[0] && k < 2 * c->count; k++) {
            float z = 0;
            for (unsigned d = 0; d < 4; d++) z += x[k / c->count][d] * w[3 * d + c->from[k % c->count]];
            cr_expect_float_eq(out[k], (float)c->sign[k % c->count] * z, 1e-5, "%s: %u", c->what, k);
        }
        const uint32_t targets[] = {0, 1};
        cr_assert(net_gradient(net, NET_GRADIENT, 2, &x[0][0], targets, &gradient[0][0], &e), "%s", e.text);
        for (unsigned k = 0; c->sign[0] && k < 8; k++)
            cr_expect_float_eq(gradient[k / 4][k % 4], (float)c->sign[k / 4] * w[3 * (k % 4) + c->from[k / 4]], 1e-6);
        net_destroy(net);
        weights_destroy(weights);
        graph_destroy(g);
    }
}

/* Such a network is a binary classifier, declared or not, and its file is written as it was. */
Test(onnx_choice, a_pair_of_columns_stays_as_it_is) {
    char path[] = "/tmp/assay-columns-XXXXXX";
    struct graph *g, *again;
    struct weights *weights;
    struct error e = {""};
    cr_assert(words_load(&column_cases[0].words, NULL, &g, &e), "%s", e.text);
    uint32_t nodes = g->node_count;
    cr_expect(graph_pair_logits(g, &e), "%s", e.text);
    cr_expect_eq(g->node_count, nodes);
    cr_expect_not(graph_is_pair_of_one(g));
    cr_expect(
        strstr(g->warning, "ends in a Sigmoid p and in 1 - p: what enters it is taken for the logit of the class"));
    int file = mkstemp(path);
    cr_assert(file >= 0 && close(file) == 0);
    cr_assert(weights_create(g, &weights, &e) && onnx_save(path, weights, &e) && onnx_load(path, &again, &e), "%s",
              e.text);
    unlink(path);
    cr_expect(again->paired);
    cr_expect_eq(again->node_count, nodes);
    cr_expect_str_eq(again->values[again->file_output].name, "y");
    weights_destroy(weights);
    graph_destroy(again);
    graph_destroy(g);
}

/* One output, labels 0 and 1: what is never negative has no sign to decide by. */
Test(onnx_choice, an_output_of_one_sign_is_no_logit) {
    static const struct {
        struct onnx_words words;
        int sign; /* 1: never negative, -1: never positive */
    } cases[] = {
#define ENDS(...)                                                                                                      \
    {.opset = 17,                                                                                                      \
     .inputs = "x:f:1x4",                                                                                              \
     .outputs = "y:f:1x1",                                                                                             \
     .tensors = {"w:f:4x1", "one:f=1", "minus:f=-1", "half:f=0.5"},                                                    \
     .nodes = {"MatMul x w > a", __VA_ARGS__}}
        {ENDS("Exp a > y"), 1},
        {ENDS("Softplus a > y"), 1},
        {ENDS("Mul a a > y"), 1},
        {ENDS("Greater a half > g", "Cast g > y to=1"), 1},
        {ENDS("Exp a > e", "Add e one > s", "Div one s > y"), 1},
        {ENDS("Clip a half > y"), 1},
        {ENDS("Tanh a > t", "Mul t half > m", "Add m half > y"), 1},
        {ENDS("Erf a > t", "Add one t > m", "Mul half m > y"), 1},
        {ENDS("Tanh a > t", "Mul t half > y"), 0},
        {ENDS("Tanh a > t", "Add t half > y"), 0},
        {ENDS("Exp a > e", "Add e minus > y"), 0},
        {ENDS("Clip a minus > y"), 0},
        {ENDS("Identity a > y"), 0},
        {ENDS("Mul a half > y"), 0},
        {ENDS("Exp a > e", "Neg e > y"), -1},
        {ENDS("Softplus a > s", "Neg s > y"), -1},
        {ENDS("Exp a > e", "Add e one > s", "Log s > l", "Neg l > y"), -1},
        {ENDS("Exp a > e", "Add e one > s", "Log s > y"), 1},
        {ENDS("Exp a > e", "Add e half > s", "Log s > y"), 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e = {""};
        cr_assert(words_load(&cases[i].words, NULL, &g, &e), "case %zu: %s", i, e.text);
        cr_expect_eq(graph_is_never_negative(g), cases[i].sign > 0, "case %zu", i);
        cr_expect_eq(graph_is_never_positive(g), cases[i].sign < 0, "case %zu", i);
        bool paired = graph_pair_logits(g, &e);
        cr_expect_eq(paired, !cases[i].sign, "case %zu", i);
        if (!paired)
            cr_expect(strstr(e.text, cases[i].sign > 0 ? "never negative" : "never positive"), "case %zu: %s", i,
                      e.text);
        graph_destroy(g);
    }
}

/* ---- Sizes ---- */

Test(onnx_choice, open_sizes) {
    static const struct onnx_words words = {.opset = 17,
                                            .inputs = "x:f:?x3x?x?",
                                            .outputs = "y:f:?x4",
                                            .tensors = {"w:f:4x3x3x3"},
                                            .nodes = {"Conv x w > a", "GlobalAveragePool a > b", "Flatten b > y"}};
    static const struct {
        struct onnx_options options;
        const char *wrong; /* NULL: it loads, with a height of 8 */
    } cases[] = {
        {{.output = NULL}, "input 'x' has no fixed size in dimension 2 ('size'): say the shape of a sample"},
        {{.declared = {3, {3, 8, 9}}}, NULL},
        {{.data = {3, {3, 8, 9}}}, NULL},
        {{.declared = {3, {3, 8, 9}}, .data = {3, {3, 20, 20}}}, NULL},
        {{.declared = {3, {1, 8, 9}}}, "input 'x' has 3 elements in dimension 1: 1 were declared"},
        {{.declared = {2, {8, 9}}}, "input 'x' has 3 dimensions behind the batch: 2 were declared"},
        {{.data = {1, {72}}}, "no fixed size in dimension 2"},
        {{.declared = {3, {3, 2, 9}}}, "(Conv)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct error e = {""};
        bool ok = words_load(&words, &cases[i].options, &g, &e);
        cr_assert(ok == !cases[i].wrong, "case %zu: %s", i, e.text);
        if (ok) cr_expect(g->sample.dim[1] == 8 && g->sample.dim[2] == 9, "case %zu", i);
        else cr_expect(strstr(e.text, cases[i].wrong), "case %zu: %s", i, e.text);
        if (ok) graph_destroy(g);
    }
}

/* Keras leaves height and width open, in front of the channels: the data has its channels first. */
Test(onnx_choice, open_sizes_with_channels_last) {
    static const struct onnx_words words = {
        .opset = 17,
        .inputs = "x:f:?x?x?x3",
        .outputs = "y:f:?x4",
        .tensors = {"w:f:4x3x3x3"},
        .nodes = {"Transpose x > t perm=[0,3,1,2]", "Conv t w > a", "GlobalAveragePool a > b", "Flatten b > y"}};
    static const struct onnx_options options[] = {{.data = {3, {3, 8, 9}}}, {.declared = {3, {8, 9, 3}}}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct graph *g;
        struct error e = {""};
        cr_assert(words_load(&words, &options[i], &g, &e), "case %zu: %s", i, e.text);
        cr_expect(shape_equal(&g->sample, &(struct shape){3, {8, 9, 3}}), "case %zu", i);
        graph_destroy(g);
    }
}

/* ---- Rectifiers ---- */

/* What a backward rule changes, and what it leaves: counted, and seen in the gradient. */
Test(onnx_choice, rectifiers_in_any_spelling) {
    static const struct {
        struct onnx_words words;
        uint32_t rectifiers, all;
    } cases[] = {
#define RECTIFIED(...)                                                                                                 \
    {.opset = 17,                                                                                                      \
     .inputs = "x:f:?x4",                                                                                              \
     .outputs = "y:f:?x3",                                                                                             \
     .tensors = {"w:f:4x4", "v:f:4x3", "zero:f=0", "list:f:1=0", "one:f=1", "three:f=3", "six:f=6", "row:f:4=0",       \
                 "half:f=0.5"},                                                                                        \
     .nodes = {"MatMul x w > a", __VA_ARGS__, "MatMul r v > y"}}
        {RECTIFIED("Relu a > r"), 1, 1},
        {RECTIFIED("Max a zero > r"), 1, 1},
        {RECTIFIED("Max list a > r"), 1, 1},
        {RECTIFIED("Max a row > r"), 1, 1},
        {RECTIFIED("Greater a zero > c", "Where c a zero > r"), 1, 1},
        {RECTIFIED("GreaterOrEqual a list > c", "Where c a row > r"), 1, 1},
        {RECTIFIED("Less a zero > c", "Where c zero a > r"), 1, 1},
        {RECTIFIED("Less zero a > c", "Where c a zero > r"), 1, 1},
        {RECTIFIED("LessOrEqual a zero > c", "Not c > n", "Where n a zero > r"), 1, 1},
        {RECTIFIED("Greater a zero > c", "Cast c > m to=1", "Mul a m > r"), 1, 1},
        {RECTIFIED("Greater a zero > c", "Cast c > m to=1", "Mul m a > r"), 1, 1},
        {RECTIFIED("Clip a zero > r"), 1, 1},
        {RECTIFIED("Clip a zero six > r"), 1, 1},
        {RECTIFIED("Max a zero > t", "Min t six > r"), 1, 1},
        {RECTIFIED("Add a one > s", "Clip s zero six > r"), 1, 1},
        {RECTIFIED("Add a three > s", "Relu s > r"), 1, 1},
        {RECTIFIED("Max a one > r"), 0, 0},
        {RECTIFIED("Min a zero > r"), 0, 0},
        {RECTIFIED("Max a x > r"), 0, 0},
        {RECTIFIED("Greater a one > c", "Where c a zero > r"), 0, 0},
        {RECTIFIED("Greater a zero > c", "Where c a one > r"), 0, 0},
        {RECTIFIED("Greater a zero > c", "Where c zero a > r"), 0, 0},
        {RECTIFIED("Greater x zero > c", "Where c a zero > r"), 0, 0},
        {RECTIFIED("Less a zero > c", "Cast c > m to=1", "Mul a m > r"), 0, 0},
        {RECTIFIED("Greater a zero > c", "Cast c > m to=1", "Mul x m > r"), 0, 0},
        {RECTIFIED("Add a three > s", "Clip s zero six > t", "Mul a t > u", "Div u six > r"), 0, 1},
        {RECTIFIED("Add a three > s", "Clip s zero six > t", "Div t six > u", "Mul u a > r"), 0, 1},
        {RECTIFIED("Add a three > s", "Relu s > t", "Min t six > u", "Mul u a > r"), 0, 1},
        {RECTIFIED("Add a three > s", "Min s six > t", "Max t zero > u", "Mul u a > r"), 0, 1},
        {RECTIFIED("Add a half > s", "Clip s zero one > r"), 0, 1},
        {RECTIFIED("HardSigmoid a > t", "Mul a t > r"), 0, 1},
        {RECTIFIED("Clip a one six > r"), 0, 1},
    };
    static const float x[3][4] = {{.3f, -1.1f, .7f, .2f}, {-2, .4f, 1.5f, -.6f}, {1, 2, -.3f, .8f}};
    static const uint32_t targets[] = {0, 1, 2};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct weights *weights;
        struct net *net;
        struct activations found;
        struct error e = {""};
        float plain[3][4], guided[3][4];
        cr_assert(words_load(&cases[i].words, NULL, &g, &e), "case %zu: %s", i, e.text);
        cr_assert(graph_activations(g, &found, &e));
        cr_expect_eq(found.rectifiers, cases[i].rectifiers, "case %zu: %u", i, found.rectifiers);
        cr_expect_eq(found.all, cases[i].all, "case %zu: %u", i, found.all);
        cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e) &&
                      net_gradient(net, NET_GRADIENT, 3, &x[0][0], targets, &plain[0][0], &e) &&
                      net_gradient(net, NET_GUIDED, 3, &x[0][0], targets, &guided[0][0], &e),
                  "%s", e.text);
        cr_expect_eq(memcmp(plain, guided, sizeof plain) != 0, cases[i].rectifiers > 0, "case %zu", i);
        net_destroy(net);
        weights_destroy(weights);
        graph_destroy(g);
    }
}

/* ---- Parameters, and precisions ---- */

static const struct parameter_case {
    struct onnx_words words;
    const char *parameters; /* names, each with a blank behind it, in the order of values */
    const char *warning;
} parameter_cases[] = {
#define NET(input, tensor_list, ...)                                                                                   \
    {                                                                                                                  \
        .opset = 17, .inputs = input, .outputs = "y:f:1x3", .tensors = {tensor_list}, .nodes = { __VA_ARGS__ }         \
    }
#define LIST(...) __VA_ARGS__
    {NET("x:f:1x4", LIST("w:f:4x3", "b:f:3"), "Constant:w > cw", "Constant:b > cb", "MatMul x cw > a", "Add a cb > y"),
     "cb cw ", NULL},
    {NET("x:f:1x4", LIST("w:f:12", "s:i:2=4,3", "m:f:4"), "Constant:w > cw", "Reshape cw s > r", "Constant:m > mean",
         "Sub x mean > d", "Mul d mean > f", "Add f mean > g", "MatMul g r > y"),
     "cw ", NULL},
    {NET("x:h:1x4", LIST("w:h:4x3", "b:h:3"), "MatMul x w > a", "Add a b > y"), "b w ", "half precision (FLOAT16)"},
    {NET("x:b:1x4", LIST("w:b:4x3"), "MatMul x w > y"), "w ", "brain precision (BFLOAT16)"},
    {NET("x:d:1x4", LIST("w:d:4x3"), "MatMul x w > y"), "w ", "double precision (DOUBLE)"},
    {NET("x:f:1x4", LIST("w:h:4x3"), "Cast x > h to=10", "MatMul h w > a", "Cast a > y to=1"), "w ", "half precision"},
    {NET("x:f:1x4", LIST("w:f:4x3", "val_1:f:4=1", "val_2:f:4=0"), "LayerNormalization x val_1 val_2 > n",
         "MatMul n w > y"),
     "w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3", "ln.weight:f:4=1", "ln.bias:f:4=0"), "LayerNormalization x ln.weight ln.bias > n",
         "MatMul n w > y"),
     "ln.bias ln.weight w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3", "val_1:f:4=1", "val_2:f:4=0.5"), "LayerNormalization x val_1 val_2 > n",
         "MatMul n w > y"),
     "val_1 val_2 w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3", "mean:f:4=0", "sd:f:4=1"), "Add x mean > c", "Mul sd c > n", "MatMul n w > y"),
     "w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3", "mean:f:4=0.5", "sd:f:4=1"), "Add x mean > c", "Mul sd c > n", "MatMul n w > y"),
     "mean w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3", "k:f:1=2", "sd:f:3=1", "b:f:3=0"), "Mul x k > h", "MatMul h w > a", "Mul a sd > m",
         "Add m b > y"),
     "b sd w ", NULL},
    {NET("x:f:1x4", LIST("p:f:5", "i:i:4x1=0,4,2,1", "w:f:4x3"), "GatherND p i > m", "Add x m > a", "MatMul a w > y"),
     "m w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3"), "Constant > bias value_floats=[0.5,1.5,2.5]", "MatMul x w > a", "Add a bias > y"),
     "bias w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3"), "Constant > slope value_float=0.25", "PRelu x slope > p", "MatMul p w > y"),
     "slope w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3"), "Constant > mean value_floats=[0.5,1.5,2.5,1.5]", "Sub x mean > d",
         "Constant > two value_float=2.5", "MatMul d w > a", "Add a two > y"),
     "w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3"), "Constant > ones value_floats=[1.,1.,1.,1.]", "LayerNormalization x ones > n",
         "MatMul n w > y"),
     "w ", NULL},
    {NET("x:f:1x4", LIST("w:f:4x3"), "Constant > scale value_floats=[1.,1.,1.5,1.]", "LayerNormalization x scale > n",
         "MatMul n w > y"),
     "scale w ", NULL},
};

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

Test(onnx_choice, parameters_and_precisions) {
    for (size_t i = 0; i < sizeof parameter_cases / sizeof *parameter_cases; i++) {
        const struct parameter_case *c = &parameter_cases[i];
        struct graph *g;
        struct error e = {""};
        const char *names[WORDS_MOST];
        char found[200] = "";
        size_t count = 0;
        cr_assert(words_load(&c->words, NULL, &g, &e), "case %zu: %s", i, e.text);
        for (uint32_t v = 0; v < g->value_count; v++)
            if (g->values[v].kind == VALUE_PARAMETER) names[count++] = g->values[v].name;
        qsort(names, count, sizeof *names, by_name);
        for (size_t k = 0; k < count; k++) snprintf(found + strlen(found), 100, "%s ", names[k]);
        cr_expect_str_eq(found, c->parameters, "case %zu: %s", i, found);
        cr_expect(c->warning ? g->warning && strstr(g->warning, c->warning) : !g->warning, "case %zu: %s", i,
                  g->warning);
        graph_destroy(g);
    }
}

/* Numbers that each precision holds exactly. */
Test(onnx_choice, every_precision_reads_the_same_numbers) {
    static const char *const types[] = {"w:f:1x4=1,-2.5,0,0.125", "w:d:1x4=1,-2.5,0,0.125", "w:h:1x4=1,-2.5,0,0.125",
                                        "w:b:1x4=1,-2.5,0,0.125"};
    const float wanted[] = {1, -2.5f, 0, .125f};
    for (size_t i = 0; i < 4; i++) {
        const struct onnx_words words = {
            .opset = 17, .inputs = "x:f:1x1", .outputs = "y:f:1x4", .tensors = {types[i]}, .nodes = {"MatMul x w > y"}};
        struct graph *g;
        struct error e = {""};
        cr_assert(words_load(&words, NULL, &g, &e), "%s: %s", types[i], e.text);
        const struct value *w = &g->values[g->layers[0].parameters[0]];
        for (int k = 0; k < 4; k++)
            cr_expect_float_eq(w->data[k], wanted[k], 0, "%s: %g", types[i], (double)w->data[k]);
        graph_destroy(g);
    }
}

/* ---- Refusals ---- */

static const struct refusal_case {
    struct onnx_words words;
    const char *wanted[3];
} refusal_cases[] = {
#define BAD(set, ...)                                                                                                  \
    {                                                                                                                  \
        .opset = set, .inputs = "x:f:1x4", .outputs = "y:f:1x4", .tensors = {"s:f:4", "on:t=1", "r:f=0.5", "w:f:4x4"}, \
        .nodes = {                                                                                                     \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
    {BAD(17, "MatMul x w > a", "Loop a > b", "Scan b > y"),
     {"node 'b': operator 'Loop' is not supported", "(1 of 3 nodes were read); nor are Scan", "fixed sizes"}},
    {BAD(17, "Hardmax x > y"), {"'Hardmax'", "do_constant_folding=True", "dynamo=False"}},
    {BAD(17, "QuantizeLinear x r > y"), {"the model is quantised", "float32 model"}},
    {BAD(17, "com.microsoft.QLinearAdd x r > y"), {"node of 'y' (QLinearAdd)", "quantised"}},
    {BAD(17, "com.microsoft.MadeUp x > y"), {"domain 'com.microsoft'", "an optimiser fused it"}},
    {BAD(13, "BatchNormalization x s s s s > y m v sm sv"), {"training mode", "model.eval()"}},
    {BAD(15, "BatchNormalization x s s s s > y training_mode=1"), {"training mode", "model.eval()"}},
    {BAD(17, "Dropout x r on > y"), {"training mode", "model.eval()"}},
    {BAD(17, "MatMul x w > a", "MatMul a s > b", "MatMul b w > y"), {"(MatMul)", "of 3 nodes were worked through"}},
};

Test(onnx_choice, refusals_say_where_and_what_helps) {
    for (size_t i = 0; i < sizeof refusal_cases / sizeof *refusal_cases; i++) {
        struct graph *g;
        struct error e = {""};
        cr_assert_not(words_load(&refusal_cases[i].words, NULL, &g, &e), "case %zu", i);
        for (int k = 0; k < 3 && refusal_cases[i].wanted[k]; k++)
            cr_expect(strstr(e.text, refusal_cases[i].wanted[k]), "case %zu: '%s' lacks '%s'", i, e.text,
                      refusal_cases[i].wanted[k]);
    }
}

Test(onnx_choice, files_of_other_kinds_are_named) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *wanted;
    } cases[] = {
        {"PK\3\4 archive/data.pkl", 21, "torch.onnx.export"},
        {"PK\3\4 metadata.json", 18, "a Keras file"},
        {"\x80\2}q", 4, "a Python pickle"},
        {"\x89HDF\r\n\x1a\n rest", 13, "an HDF5 file"},
        {"\x1c\0\0\0TFL3 rest", 13, "a TensorFlow Lite file"},
        {"\4\0\0\0\0\0\0\0{\"a\"}", 13, "a safetensors file"},
        {"GGUF rest", 9, "a GGUF file"},
        {"nothing of the kind", 19, "no ONNX model"},
    };
    struct graph *g;
    struct error e = {""};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scratch_put("other", cases[i].bytes, cases[i].size);
        cr_expect_not(onnx_load("other", &g, &e));
        cr_expect(strstr(e.text, cases[i].wanted), "case %zu: %s", i, e.text);
        cr_expect_eq(strncmp(e.text, "other: ", 7), 0, "%s", e.text);
    }
    cr_expect_not(onnx_load(".", &g, &e));
    cr_expect(strstr(e.text, "a regular file was wanted"), "%s", e.text);
    scratch_put("saved_model.pb", "x", 1);
    cr_expect_not(onnx_load(".", &g, &e));
    cr_expect(strstr(e.text, "--saved-model"), "%s", e.text);
}
