/* An If whose condition is known at load is the branch that is taken; any other is refused. */
#include "onnx_text.h"

#include "nn/net.h"

TestSuite(onnx_branch, .init = scratch_enter, .fini = scratch_leave);

#define HEAD .opset = 17, .inputs = "x:f:?x2", .outputs = "y:f:?x2"
#define DOUBLE                                                                                                         \
    {                                                                                                                  \
        "double", "r:f:1x2", {"two:f=2"}, {                                                                            \
            "Mul h two > r"                                                                                            \
        }                                                                                                              \
    }
#define NEGATE                                                                                                         \
    {                                                                                                                  \
        "negate", "r:f:1x2", {NULL}, {                                                                                 \
            "Neg h > r"                                                                                                \
        }                                                                                                              \
    }

static const struct branch_case {
    const char *what;
    struct onnx_words words;
    float wanted[2];        /* for x = (1, 2) */
    const char *refusal[3]; /* instead, in the error */
} branch_cases[] = {
    {"an initialiser",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > y then_branch=@double else_branch=@negate"}, .branches = {DOUBLE, NEGATE}},
     {2, 4},
     {NULL}},
    {"the other branch, by a Constant of one element",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "k:t:1=0"},
      .nodes = {"Constant:k > c", "MatMul x w > h", "If c > y then_branch=@double else_branch=@negate"},
      .branches = {DOUBLE, NEGATE}},
     {-1, -2},
     {NULL}},
    {"computed from constants",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "a:i:1=3", "b:i:1=3"},
      .nodes = {"Equal a b > same", "Not same > c", "MatMul x w > h",
                "If c > y then_branch=@double else_branch=@negate"},
      .branches = {DOUBLE, NEGATE}},
     {-1, -2},
     {NULL}},
    {"computed from the shape of what depends on the input",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "one:i=1", "n:i=2"},
      .nodes = {"MatMul x w > h", "Shape h > s", "Gather s one > width", "Equal width n > c",
                "If c > y then_branch=@double else_branch=@negate"},
      .branches = {DOUBLE, NEGATE}},
     {2, 4},
     {NULL}},
    {"the batch counts as one",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "zero:i=0", "n:i=1"},
      .nodes = {"MatMul x w > h", "Shape h > s", "Gather s zero > batch", "Equal batch n > c",
                "If c > y then_branch=@double else_branch=@negate"},
      .branches = {DOUBLE, NEGATE}},
     {2, 4},
     {NULL}},
    {"weights of the branch, one of them under a name that the graph has",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "MatMul h w > t", "If c > u then_branch=@inner else_branch=@inner", "Add u t > y"},
      .branches = {{"inner", "r:f:1x2", {"w:f:2x2=0,1,1,0", "bias:f:2=5,7"}, {"MatMul h w > t", "Add t bias > r"}}}},
     {8, 10},
     {NULL}},
    {"two of them with the same names inside",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > p then_branch=@inner else_branch=@inner",
                "If c > q then_branch=@inner else_branch=@inner", "Add p q > y"},
      .branches = {{"inner", "r:f:1x2", {"k:f=3"}, {"Mul h k > t", "Neg t > r"}}}},
     {-6, -12},
     {NULL}},
    {"nested, the inner condition made in the outer branch",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > y then_branch=@outer else_branch=@negate"},
      .branches = {{"outer",
                    "s:f:1x2",
                    {"one:f=1"},
                    {"Not c > d", "If d > r then_branch=@negate else_branch=@double", "Add r one > s"}},
                   DOUBLE,
                   NEGATE}},
     {3, 5},
     {NULL}},
    {"a result that is a value of the graph",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > y then_branch=@pass else_branch=@negate"},
      .branches = {{"pass", "h:f:1x2", {NULL}, {NULL}}, NEGATE}},
     {1, 2},
     {NULL}},
    {"several results, one of them twice and one an initialiser",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > a b k then_branch=@three else_branch=@three", "Add a b > s", "Mul s k > y"},
      .branches = {{"three", "r:f:1x2 r:f:1x2 k:f", {"k:f=10"}, {"Neg h > r"}}}},
     {-20, -40},
     {NULL}},
    {"what is not taken need not be known",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > y then_branch=@double else_branch=@odd"},
      .branches = {DOUBLE, {"odd", "r:f:1x2", {NULL}, {"Unheard h > r"}}}},
     {2, 4},
     {NULL}},
    {"an If that serves no output that is taken",
     {.opset = 17,
      .inputs = "x:f:?x2",
      .outputs = "y:f:?x2",
      .tensors = {"w:f:2x2=1,0,0,1"},
      .nodes = {"MatMul x w > y", "If y > z then_branch=@negate else_branch=@negate"},
      .branches = {NEGATE}},
     {1, 2},
     {NULL}},
    {"a condition that depends on the input",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "k:f=0", "axes:i:2=0,1"},
      .nodes = {"MatMul x w > h", "ReduceSum h axes > sum keepdims=0", "Greater sum k > c",
                "If c > y then_branch=@double else_branch=@negate"},
      .branches = {DOUBLE, NEGATE}},
     {0},
     {"node of 'y' (If)", "its condition 'c' is not known at load", "onnxsim or onnxslim"}},
    {"two truths",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t:2=1,1"},
      .nodes = {"MatMul x w > h", "If c > y then_branch=@double else_branch=@negate"}, .branches = {DOUBLE, NEGATE}},
     {0},
     {"its condition 'c' is not known at load"}},
    {"a branch is missing",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=0"}, .nodes = {"MatMul x w > h", "If c > y then_branch=@double"},
      .branches = {DOUBLE}},
     {0},
     {"node of 'y' (If)", "attribute 'else_branch' is missing"}},
    {"a branch has too few results",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > y z then_branch=@double else_branch=@double"}, .branches = {DOUBLE}},
     {0},
     {"gives 1 results: wanted 2"}},
    {"the branch that is taken has an operator of nobody",
     {HEAD, .tensors = {"w:f:2x2=1,0,0,1", "c:t=1"},
      .nodes = {"MatMul x w > h", "If c > y then_branch=@odd else_branch=@odd"},
      .branches = {{"odd", "r:f:1x2", {NULL}, {"Unheard h > r"}}}},
     {0},
     {"'Unheard'"}},
};

Test(onnx_branch, cases) {
    const float x[] = {1, 2, 1, 2};
    for (size_t i = 0; i < sizeof branch_cases / sizeof *branch_cases; i++) {
        const struct branch_case *c = &branch_cases[i];
        struct graph *g;
        struct weights *weights;
        struct net *net;
        struct error e = {""};
        float logits[4];
        bool ok = words_load(&c->words, NULL, &g, &e);
        cr_expect(ok == !c->refusal[0], "%s: %s", c->what, ok ? "taken" : e.text);
        for (int k = 0; !ok && k < 3 && c->refusal[k]; k++)
            cr_expect(strstr(e.text, c->refusal[k]), "%s: '%s' lacks '%s'", c->what, e.text, c->refusal[k]);
        if (!ok) continue;
        cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e) &&
                      net_forward(net, 2, x, logits, &e),
                  "%s: %s", c->what, e.text);
        for (uint32_t k = 0; k < 4; k++) cr_expect_float_eq(logits[k], c->wanted[k % 2], 1e-6, "%s", c->what);
        net_destroy(net);
        weights_destroy(weights);
        graph_destroy(g);
    }
}

/* Layers are called as in the branch. */
Test(onnx_branch, names_are_kept) {
    static const struct onnx_words words = {
        .opset = 17,
        .inputs = "x:f:?x2",
        .outputs = "y:f:?x2",
        .tensors = {"fc1.weight:f:2x2", "c:t=1"},
        .nodes = {"MatMul x fc1.weight > h", "If c > y then_branch=@head else_branch=@head"},
        .branches = {{"head", "r:f:1x2", {"fc2.weight:f:2x2"}, {"MatMul h fc2.weight > r"}}}};
    struct graph *g;
    struct error e = {""};
    cr_assert(words_load(&words, NULL, &g, &e), "%s", e.text);
    cr_assert_eq(g->layer_count, 2);
    cr_expect_str_eq(g->layers[0].name, "fc1");
    cr_expect_str_eq(g->layers[1].name, "fc2");
    cr_expect_str_eq(g->values[g->file_output].name, "y");
    graph_destroy(g);
}
