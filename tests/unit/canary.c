/* Maps with known answers: what they are made of, and what follows where one comes out wrong. */
#include "experiment/canary.h"

#include "explainers/explainer.h"
#include "measure/similarity.h"
#include "synthetic.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the maps ---- */

#define SIDE 8u
#define N ((size_t)SIDE * SIDE)

static const struct canary *named(const char *part) {
    const struct canary *c = canaries;
    while (c->name && !strstr(c->name, part)) c++;
    cr_assert_not_null(c->name, "%s", part);
    return c;
}

static void make(const char *part, uint64_t input, uint64_t network, float *map) {
    static float x[N], gradient[N];
    const struct shape sample = {3, {1, SIDE, SIDE}};
    rng_fill_normal(input, 0, N, x);
    rng_fill_normal(100 * network + input, 0, N, gradient);
    const struct canary_case c = {layout_of(&sample), x, gradient, 7, 1000 * network + input};
    named(part)->make(&c, map);
}

/* The share of the variance that maps of (input, network) and (input, network) have in common. */
static double alike(const char *part, uint64_t i, uint64_t a, uint64_t j, uint64_t b) {
    float m[2][N];
    double d[2][N];
    make(part, i, a, m[0]);
    make(part, j, b, m[1]);
    for (size_t k = 0; k < N; k++) d[0][k] = m[0][k], d[1][k] = m[1][k];
    return pearson(d[0], d[1], N);
}

Test(canary, maps) {
    static const struct {
        const char *part;
        double input, network; /* of another input, of another network: about so alike */
    } all[] = {
        {"gradient", 0, 0},                      /* of both */
        {"edges)", 0, 1},                        /* of the input alone */
        {"prior", .64 / (.64 + .04), .64 / .68}, /* four parts to one, squared */
        {"half edges", 0, .5},                   /* equal parts */
        {"noise", 0, 0},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        double input = alike(all[k].part, 1, 1, 2, 1), network = alike(all[k].part, 1, 1, 1, 2);
        cr_expect_float_eq(input, all[k].input, .3, "%s: other input %g", all[k].part, input);
        cr_expect_float_eq(network, all[k].network, .3, "%s: other network %g", all[k].part, network);
        cr_expect_float_eq(alike(all[k].part, 1, 1, 1, 1), 1, 1e-6, "%s: once more", all[k].part);
    }
}

/* A step of 1 along each axis, and none beyond the border. */
Test(canary, edges_of_known_pictures) {
    static const struct {
        struct shape sample;
        float x[6], edges[6];
    } all[] = {
        {{3, {1, 2, 3}}, {0, 0, 0, 3, 3, 3}, {3, 3, 3, 0, 0, 0}},
        {{3, {1, 2, 3}}, {0, 3, 0, 4, 4, 4}, {5, 3.1623f, 4, 0, 0, 0}},
        {{2, {2, 3}}, {0, 1, 1, 5, 5, 3}, {1, 0, 0, 0, 2, 0}},
        {{1, {6}}, {1, 2, 4, 7, 7, 0}, {1, 2, 3, 0, 7, 0}},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        float map[6];
        const struct canary_case c = {.layout = layout_of(&all[k].sample), .x = all[k].x};
        named("edges)")->make(&c, map);
        for (size_t p = 0; p < 6; p++)
            cr_expect_float_eq(map[p], all[k].edges[p], 1e-3, "case %zu: %g at %zu", k, (double)map[p], p);
    }
}

Test(canary, constant_gradients_leave_numbers) {
    const struct shape sample = {3, {1, 2, 3}};
    const float x[6] = {0}, gradient[6] = {0};
    float map[6];
    for (const struct canary *canary = canaries; canary->name; canary++) {
        const struct canary_case c = {layout_of(&sample), x, gradient, 1, 2};
        canary->make(&c, map);
        for (size_t p = 0; p < 6; p++) cr_expect(isfinite(map[p]), "%s", canary->name);
    }
}

/* ---- what follows ---- */

/* The subject of a made-up run in the part of a canary. */
Test(canary, one_that_is_wrong_is_exit_code_3) {
    static const struct {
        const char *part;
        struct profile p;
        double delta;
        int code;
        const char *outcome;
    } all[] = {
        {"gradient", {.repeat = 1, .stable = .9}, .3, 0, "as known"},
        {"gradient", {.repeat = 1, .stable = .1}, .3, 0, "as known"}, /* G2 is not asked of canaries */
        {"gradient", {.repeat = 1, .stable = .9, .cascade = {.3, .3, .3}}, .3, 4, "undecided"},
        {"gradient", {.repeat = 1, .stable = .9, .cascade = {.9}}, .3, 3, "wrong"},
        {"gradient",
         {.repeat = 1, .stable = .9, .cascade = {.9}},
         .99,
         3,
         "wrong"}, /* the rule's delta, not the battery's */
        {"gradient", {.repeat = 1, .stable = .9, .floor = .9}, .3, 3, "wrong"},
        {"edges)", {.repeat = 1, .stable = .9, .cascade = {.9, .9, .9}}, .3, 1, "as known"},
        {"edges)", {.repeat = 1, .stable = .9, .cascade = {.3, .3, .3}}, .3, 4, "undecided"},
        {"edges)", {.repeat = 1, .stable = .9}, .3, 3, "wrong"},
        {"first answer", {.repeat = 1, .stable = .9}, .3, 3, "wrong"},
        {"prior", {.repeat = 1, .stable = .9}, .3, 3, "wrong"},
        {"half edges", {.repeat = 1, .stable = .9}, .3, 3, "wrong"},
        {"half edges", {.repeat = 1, .stable = .9, .cascade = {.3, .3, .3}}, .3, 4, "as known"},
        {"noise", {.repeat = .1, .stable = .9, .claims = ASSAY_STOCHASTIC}, .3, 4, "as known"},
        {"noise", {.repeat = 1, .stable = .9, .claims = ASSAY_STOCHASTIC}, .3, 3, "wrong"},
    };
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic s;
        struct error e = {{0}};
        uint32_t draws[2] = {o.draws, o.draws};
        struct draw_counts counts = {draws};
        char *meta = NULL;
        int code = -1;
        synthetic_create(&s, &o, &all[k].p, 1);
        s.run.explainers[0].canary = named(all[k].part);
        s.battery.rule.delta = all[k].delta;
        synthetic_store(&s);
        cr_assert(verdict_store(&s.run, &counts, NULL, &code, &e) && store_meta(s.run.store, "canaries", &meta, &e),
                  "%s", e.text);
        json_t *panel = json_loads(meta, 0, NULL);
        const json_t *entry = json_array_get(json_object_get(panel, "panel"), 0);
        const char *outcome = json_string_value(json_object_get(entry, "outcome"));
        cr_assert_not_null(outcome, "case %zu: %s", k, meta);
        cr_expect_str_eq(outcome, all[k].outcome, "case %zu: %s", k, meta);
        cr_expect_eq(code, all[k].code, "case %zu: exit code %d", k, code);
        cr_expect_eq(json_is_string(json_object_get(panel, "warning")), code == 3, "case %zu: %s", k, meta);
        cr_expect_eq(s.battery.rule.delta, all[k].delta, "as it was");
        json_decref(panel);
        free(meta);
        synthetic_destroy(&s);
    }
}
