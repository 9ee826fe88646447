/* Networks with the channels last, beside their twins with the channels first. */
#include "data/channels_last.h"
#include "nn/axis_order.h"

#include "base/rng.h"
#include "nn/net.h"
#include "nn/op.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define C 2u
#define H 3u
#define W 4u
#define ELEMENTS (C * H * W)

struct kind {
    const char *before; /* an operator with a number, before the Transpose; NULL: none */
    bool transpose, second_reader;
};

/* x -> [before] -> Transpose -> Conv 1 x 2 -> Flatten -> logits */
static struct graph *build(const struct kind *k) {
    static const float weight[3 * C * 2] = {1, -2, .5f, 3, -1, .25f, 2, -.5f, 1.5f, -1, .75f, 1}, half = .5f;
    static const int64_t perm[] = {0, 3, 1, 2};
    const struct attribute turn = {.name = "perm", .kind = ATTRIBUTE_INTS, .ints = perm, .count = 4};
    const struct shape first = {4, {1, C, H, W}}, last = {4, {1, H, W, C}}, kernel = {4, {3, C, 1, 2}},
                       scalar = {0, {0}};
    const char *scaled[] = {"x", "half"}, *one[] = {"x"}, *s[] = {"s"}, *t[] = {"t"},
               *conv[] = {k->transpose ? "t" : "x", "w"}, *y[] = {"y"}, *z[] = {"z"}, *from[] = {k->before ? "s" : "x"},
               *side[] = {"side"}, *both[] = {"z", "f"}, *f[] = {"f"}, *all[] = {"all"};
    struct graph *g;
    struct error e;
    bool ok = graph_create(&g, &e) && graph_add_input(g, "x", k->transpose ? &last : &first, &e) &&
              graph_add_parameter(g, "w", &kernel, weight, &e) && graph_add_floats(g, "half", &scalar, &half, &e) &&
              (!k->before || graph_add_node(g, k->before, "scale", scaled, 2, s, 1, NULL, 0, &e)) &&
              (!k->transpose || graph_add_node(g, "Transpose", "turn", from, 1, t, 1, &turn, 1, &e)) &&
              graph_add_node(g, "Conv", "conv", conv, 2, y, 1, NULL, 0, &e) &&
              graph_add_node(g, "Flatten", "flat", y, 1, z, 1, NULL, 0, &e);
    if (ok && k->second_reader)
        ok = graph_add_node(g, "Neg", "neg", one, 1, side, 1, NULL, 0, &e) &&
             graph_add_node(g, "Flatten", "flat side", side, 1, f, 1, NULL, 0, &e) &&
             graph_add_node(g, "Concat", "join", both, 2, all, 1,
                            &(struct attribute){.name = "axis", .kind = ATTRIBUTE_INT, .integer = 1}, 1, &e);
    ok = ok && graph_finish(g, k->second_reader ? "all" : "z", &e);
    cr_assert(ok, "%s", e.text);
    return g;
}

/* Logits of two samples, and the gradients of one. */
static void run(struct graph *g, const float *x, float *logits, float *gradient) {
    struct weights *w;
    struct net *net;
    struct error e;
    const uint32_t targets[] = {5, 7};
    cr_assert(weights_create(g, &w, &e) && net_create(w, &net, &e) && net_forward(net, 2, x, logits, &e) &&
                  net_gradient(net, NET_GRADIENT, 2, x, targets, gradient, &e),
              "%s", e.text);
    net_destroy(net);
    weights_destroy(w);
    graph_destroy(g);
}

Test(axis_order, recognised_and_equal_to_the_twin) {
    static const struct {
        struct kind kind;
        enum axis_order order;
        bool last;
    } cases[] = {
        {{NULL, true, false}, AXIS_ORDER_AUTO, true},   {{"Mul", true, false}, AXIS_ORDER_AUTO, true},
        {{"Max", true, false}, AXIS_ORDER_AUTO, false}, {{"Max", true, false}, AXIS_ORDER_NHWC, true},
        {{NULL, true, true}, AXIS_ORDER_AUTO, false},   {{NULL, true, false}, AXIS_ORDER_NCHW, false},
        {{NULL, false, false}, AXIS_ORDER_AUTO, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g = build(&cases[i].kind);
        struct error e;
        uint32_t layers = g->layer_count;
        cr_assert(graph_settle_axis_order(g, cases[i].order, &e), "%s", e.text);
        cr_expect_eq(g->channels_last, cases[i].last, "case %zu", i);
        cr_expect(!cases[i].last || (g->sample.dim[0] == C && g->sample.dim[1] == H && g->sample.dim[2] == W));
        cr_expect_eq(g->layer_count, layers);
        cr_expect_str_eq(g->nodes[g->layers[0].node].op->name, "Conv");
        graph_destroy(g);
    }
}

Test(axis_order, the_same_numbers_as_the_twin) {
    const struct kind last = {NULL, true, false}, first = {NULL, false, false};
    float x[2 * ELEMENTS], a[2 * 27], b[2 * 27], ga[2 * ELEMENTS], gb[2 * ELEMENTS];
    struct graph *g = build(&last);
    struct error e;
    rng_fill_normal(4, 0, 2 * ELEMENTS, x);
    cr_assert(graph_settle_axis_order(g, AXIS_ORDER_AUTO, &e), "%s", e.text);
    cr_assert_eq(g->classes, 27);
    run(g, x, a, ga);
    run(build(&first), x, b, gb);
    cr_expect(memcmp(a, b, sizeof a) == 0 && memcmp(ga, gb, sizeof ga) == 0);
}

Test(axis_order, declared_for_a_table_is_an_error) {
    const struct shape with_batch = {2, {1, 4}};
    struct graph *g;
    struct error e = {""};
    const char *in[] = {"x"}, *out[] = {"y"};
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &with_batch, &e) &&
              graph_add_node(g, "Neg", "neg", in, 1, out, 1, NULL, 0, &e) && graph_finish(g, "y", &e));
    cr_expect_not(graph_settle_axis_order(g, AXIS_ORDER_NHWC, &e));
    cr_expect(strstr(e.text, "layout nhwc: the network takes 1 dimensions"), "%s", e.text);
    graph_destroy(g);
}

/* Bytes and numbers; what has the wanted shape already stays. */
Test(axis_order, samples_are_turned) {
    uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    float values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const uint8_t wanted[] = {0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11};
    const struct shape first = {3, {2, 1, 3}};
    struct dataset d = {.count = 2, .sample = {3, {1, 3, 2}}, .bytes = bytes, .values = values};
    struct error e;
    cr_assert(dataset_channels_first(&d, &first, &e), "%s", e.text);
    cr_expect(memcmp(bytes, wanted, sizeof wanted) == 0 && shape_equal(&d.sample, &first));
    for (size_t i = 0; i < 12; i++) cr_expect_eq((unsigned)values[i], wanted[i]);
    cr_assert(dataset_channels_first(&d, &first, &e) && memcmp(bytes, wanted, sizeof wanted) == 0);
}
