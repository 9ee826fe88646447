/* Reductions of integers, as shape computations have them: exact, and refused where 64 bits do not hold the result. */
#include "nn/graph.h"

#include <criterion/criterion.h>
#include <string.h>

/* The integers that `op` makes of x[2][3] along axis 1, or the error. */
static bool reduce(const char *op, const int64_t x[6], const struct graph **out, struct error *e) {
    const struct shape shape = {2, {2, 3}};
    const struct shape one = {1, {1}};
    const struct attribute keep = {.name = "keepdims", .kind = ATTRIBUTE_INT, .integer = 0};
    struct graph *g = NULL;
    cr_assert(graph_create(&g, e), "%s", e->text);
    g->opset = 20;
    bool ok = graph_add_ints(g, "x", &shape, x, e) && graph_add_ints(g, "axes", &one, (const int64_t[]){1}, e) &&
              graph_add_node(g, op, "node", (const char *[]){"x", "axes"}, 2, (const char *[]){"y"}, 1, &keep, 1, e) &&
              graph_finish(g, "y", e);
    *out = ok ? g : NULL;
    if (!ok) graph_destroy(g);
    return ok;
}

Test(op_integers, reductions_are_exact) {
    static const struct {
        const char *op;
        int64_t x[6], y[2];
    } cases[] = {
        {"ReduceSum", {1, 2, 3, -4, 5, 6}, {6, 7}},     {"ReduceSum", {INT64_MAX - 3, 1, 2, 0, 0, 0}, {INT64_MAX, 0}},
        {"ReduceProd", {2, 3, 4, -1, 5, 6}, {24, -30}}, {"ReduceMax", {1, 9, 3, -4, -5, -6}, {9, -4}},
        {"ReduceMin", {4, 2, 3, -4, -5, -6}, {2, -6}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct graph *g;
        struct error e = {{0}};
        cr_assert(reduce(cases[i].op, cases[i].x, &g, &e), "%s: %s", cases[i].op, e.text);
        const struct value *y = graph_value(g, g->output);
        cr_expect(y->ints && y->shape.rank == 1 && y->shape.dim[0] == 2);
        for (int k = 0; y->ints && k < 2; k++)
            cr_expect_eq(y->ints[k], cases[i].y[k], "%s, row %d: %lld", cases[i].op, k, (long long)y->ints[k]);
        graph_destroy((struct graph *)g);
    }
}

Test(op_integers, what_does_not_fit_is_refused) {
    static const struct {
        const char *op;
        int64_t x[6];
        const char *words;
    } cases[] = {
        {"ReduceSum", {INT64_MAX, 1, 0, 0, 0, 0}, "no integer of 64 bits"},
        {"ReduceProd", {1, 1, 1, INT64_MAX, 2, 1}, "no integer of 64 bits"},
        {"ReduceSum", {1, GRAPH_BATCH, 0, 0, 0, 0}, "the number of samples"},
        {"ReduceMax", {GRAPH_BATCH, 1, 0, 0, 0, 0}, "the number of samples"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct graph *g;
        struct error e = {{0}};
        cr_expect_not(reduce(cases[i].op, cases[i].x, &g, &e), "%s, case %zu", cases[i].op, i);
        cr_expect(strstr(e.text, cases[i].words), "case %zu: %s", i, e.text);
    }
}
