/* Files with several inputs: those that nothing reads, those that are constants, and the one that is explained. */
#include "onnx_text.h"

#include "base/npy.h"
#include "nn/net.h"

#include <math.h>

TestSuite(onnx_feed, .init = scratch_enter, .fini = scratch_leave);

/* logits = (x + b) w, with b another input */
#define SUM                                                                                                            \
    .opset = 17, .outputs = "y:f:?x2", .tensors = {"w:f:2x2=1,0,0,1"}, .nodes = {"Add x b > s", "MatMul s w > y"}
#define FIXED(...) .fixed = (const struct onnx_fixed[]){__VA_ARGS__}, .fixed_count = 1

static const struct feed_case {
    const char *what;
    struct onnx_words words;
    struct onnx_options options;
    float wanted[2];        /* for x = (1, 2) */
    const char *refusal[3]; /* instead, in the error */
} feed_cases[] = {
    {"an input that nothing reads does not count",
     {.opset = 17,
      .inputs = "b:f:?x2 x:f:?x2",
      .outputs = "y:f:?x2",
      .tensors = {"w:f:2x2=1,0,0,1"},
      .nodes = {"MatMul x w > y"}},
     {.output = NULL},
     {1, 2},
     {NULL}},
    {"nor one that another output reads",
     {.opset = 17,
      .inputs = "b:f:?x2 x:f:?x2",
      .outputs = "y:f:?x2 z:f:?x2",
      .tensors = {"w:f:2x2=1,0,0,1"},
      .nodes = {"MatMul x w > y", "MatMul b w > z"}},
     {.output = "y"},
     {1, 2},
     {NULL}},
    {"a number", {SUM, .inputs = "x:f:?x2 b:f:?x2"}, {FIXED({"b", 3, NULL})}, {4, 5}, {NULL}},
    {"whatever the order", {SUM, .inputs = "b:f:1x2 x:f:1x2"}, {FIXED({"b", 3, NULL})}, {4, 5}, {NULL}},
    {"a fixed batch of both", {SUM, .inputs = "b:f:4x2 x:f:4x2"}, {FIXED({"b", 3, NULL})}, {4, 5}, {NULL}},
    {"half precision", {SUM, .inputs = "b:h:1x2 x:h:1x2"}, {FIXED({"b", .5f, NULL})}, {1.5f, 2.5f}, {NULL}},
    {"the other one is explained",
     {SUM, .inputs = "b:f:?x2 x:f:?x2"},
     {.input = "b", FIXED({"x", 7, NULL})},
     {8, 9},
     {NULL}},
    {"a file with the batch", {SUM, .inputs = "x:f:?x2 b:f:?x2"}, {FIXED({"b", 0, "b12.npy"})}, {11, 22}, {NULL}},
    {"a file without", {SUM, .inputs = "x:f:?x2 b:f:?x2"}, {FIXED({"b", 0, "b2.npy"})}, {11, 22}, {NULL}},
    {"a file gives sizes that are open",
     {SUM, .inputs = "x:f:?x2 b:f:?x?"},
     {FIXED({"b", 0, "b2.npy"})},
     {11, 22},
     {NULL}},
    {"no dimensions", {SUM, .inputs = "x:f:?x2 b:f"}, {FIXED({"b", -1, NULL})}, {0, 1}, {NULL}},
    {"behind the input, which takes one sample at a time then",
     {.opset = 17,
      .inputs = "x:f:?x2 b:f:?x2",
      .outputs = "y:f:?x2",
      .tensors = {"w:f:4x2=1,0,0,1,1,1,2,2"},
      .nodes = {"Concat x b > c axis=1", "MatMul c w > y"}},
     {FIXED({"b", 1, NULL})},
     {4, 5},
     {NULL}},
    {"integers that choose",
     {.opset = 17,
      .inputs = "x:f:?x2 k:i:2",
      .outputs = "y:f:?x2",
      .tensors = {"w:f:2x2=1,0,0,1"},
      .nodes = {"Gather x k > c axis=1", "MatMul c w > y"}},
     {FIXED({"k", 1, NULL})},
     {2, 2},
     {NULL}},
    {"truths",
     {.opset = 17,
      .inputs = "x:f:?x2 t:t:1",
      .outputs = "y:f:?x2",
      .tensors = {"w:f:2x2=1,0,0,1", "z:f:1x2=5,6"},
      .nodes = {"Where t z x > c", "MatMul c w > y"}},
     {FIXED({"t", 1, NULL})},
     {5, 6},
     {NULL}},
    {"several are listed",
     {SUM, .inputs = "x:f:?x2 b:f:?x2"},
     {.output = NULL},
     {0},
     {"several inputs, 'x' of N x 2, 'b' of N x 2", "--model-input x --fixed-inputs '{b: 0}'", "inputs: {b: 0}"}},
    {"also when one is named",
     {SUM, .inputs = "x:f:?x2 b:f:?x2"},
     {.input = "b"},
     {0},
     {"several inputs", "--model-input b --fixed-inputs '{x: 0}'"}},
    {"an unknown name",
     {SUM, .inputs = "x:f:?x2 bias:f:?x2"},
     {FIXED({"bais", 0, NULL})},
     {0},
     {"no input 'bais' (did you mean 'bias'?)", "'x' of N x 2, 'bias' of N x 2"}},
    {"an unknown one to explain", {SUM, .inputs = "x:f:?x2 b:f:?x2"}, {.input = "image"}, {0}, {"no input 'image'"}},
    {"an initialiser is no input",
     {SUM, .inputs = "x:f:?x2 b:f:?x2 w:f:2x2"},
     {FIXED({"w", 0, NULL})},
     {0},
     {"no input 'w'"}},
    {"both",
     {SUM, .inputs = "x:f:?x2 b:f:?x2"},
     {.input = "b", FIXED({"b", 0, NULL})},
     {0},
     {"'b' is to be explained and to be a constant"}},
    {"explained, and read by nothing",
     {.opset = 17,
      .inputs = "b:f:?x2 x:f:?x2",
      .outputs = "y:f:?x2",
      .tensors = {"w:f:2x2=1,0,0,1"},
      .nodes = {"MatMul x w > y"}},
     {.input = "b"},
     {0},
     {"'b' has no effect on the output"}},
    {"a size that is open",
     {SUM, .inputs = "x:f:?x2 b:f:?x?"},
     {FIXED({"b", 3, NULL})},
     {0},
     {"'b' has no fixed size", ".npy"}},
    {"a file of another shape",
     {SUM, .inputs = "x:f:?x2 b:f:?x3"},
     {FIXED({"b", 0, "b2.npy"})},
     {0},
     {"b2.npy: an array of shape 2: input 'b' takes 1x3"}},
    {"no such file", {SUM, .inputs = "x:f:?x2 b:f:?x2"}, {FIXED({"b", 0, "none.npy"})}, {0}, {"none.npy"}},
    {"a file with no number",
     {SUM, .inputs = "x:f:?x2 b:f:?x2"},
     {FIXED({"b", 0, "nan.npy"})},
     {0},
     {"'b' would be nan"}},
    {"half an integer",
     {.opset = 17,
      .inputs = "x:f:?x2 k:i:2",
      .outputs = "y:f:?x2",
      .tensors = {"w:f:2x2=1,0,0,1"},
      .nodes = {"Gather x k > c axis=1", "MatMul c w > y"}},
     {FIXED({"k", .5f, NULL})},
     {0},
     {"'k' takes integers", "0.5"}},
    {"everything",
     {SUM, .inputs = "x:f:?x2 b:f:?x2"},
     {.fixed = (const struct onnx_fixed[]){{"b", 0, NULL}, {"x", 0, NULL}}, .fixed_count = 2},
     {0},
     {"it has no input"}},
};

static void expect_logits(struct graph *g, const struct feed_case *c) {
    const float x[] = {1, 2, 1, 2};
    float logits[4];
    struct weights *weights;
    struct net *net;
    struct error e = {""};
    cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e) && net_forward(net, 2, x, logits, &e),
              "%s: %s", c->what, e.text);
    for (uint32_t k = 0; k < 4; k++) cr_expect_float_eq(logits[k], c->wanted[k % 2], 1e-6, "%s", c->what);
    for (uint32_t i = 0; i < g->value_count; i++)
        cr_expect(g->values[i].kind != VALUE_PARAMETER || strcmp(g->values[i].name, "w") == 0, "%s: %s", c->what,
                  g->values[i].name);
    cr_expect(onnx_save("again.onnx", weights, &e), "%s: %s", c->what, e.text);
    net_destroy(net);
    weights_destroy(weights);
}

Test(onnx_feed, cases) {
    const float b[] = {10, 20}, nan[] = {NAN, 0};
    struct error e = {""};
    cr_assert(npy_write("b12.npy", &(struct shape){2, {1, 2}}, b, &e) &&
              npy_write("b2.npy", &(struct shape){1, {2}}, b, &e) &&
              npy_write("nan.npy", &(struct shape){1, {2}}, nan, &e));
    for (size_t i = 0; i < sizeof feed_cases / sizeof *feed_cases; i++) {
        const struct feed_case *c = &feed_cases[i];
        struct graph *g = NULL, *again;
        bool ok = words_load(&c->words, &c->options, &g, &e);
        cr_expect(ok == !c->refusal[0], "%s: %s", c->what, ok ? "taken" : e.text);
        for (int k = 0; !ok && k < 3 && c->refusal[k]; k++)
            cr_expect(strstr(e.text, c->refusal[k]), "%s: '%s' lacks '%s'", c->what, e.text, c->refusal[k]);
        if (!ok) continue;
        expect_logits(g, c);
        graph_destroy(g);
        cr_assert(onnx_load("again.onnx", &again, &e), "%s: %s", c->what, e.text);
        expect_logits(again, c);
        graph_destroy(again);
    }
}

/* Rows of a table, times a gate for all: a network of tokens beside a float input. */
Test(onnx_feed, tokens_beside_others) {
    static const struct onnx_words words = {
        .opset = 17,
        .inputs = "ids:i:?x2 gate:f:?x1x3 mask:i:?x2",
        .outputs = "y:f:?x3",
        .tensors = {"table:f:4x3", "axes:i:1=1"},
        .nodes = {"Gather table ids > rows", "Mul rows gate > gated", "ReduceMean gated > y axes=[1] keepdims=0"}};
    const struct onnx_options gated = {FIXED({"gate", 2, NULL})};
    struct graph *g;
    struct error e = {""};
    cr_expect_not(words_load(&words, NULL, &g, &e));
    cr_expect(strstr(e.text, "several inputs, 'ids' of N x 2, 'gate' of N x 1 x 3:"), "%s", e.text);
    cr_assert(words_load(&words, &gated, &g, &e), "%s", e.text);
    cr_expect(g->tokens && g->classes == 3);
    graph_destroy(g);
}
