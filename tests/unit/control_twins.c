/* The control twins: lists of them, and how far two maps are apart. */
#include "controls/controls.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct battery battery = {.path = (char *)"b.yaml", .inputs = 30, .seed = 1};
static struct layer layers[] = {{.name = (char *)"conv1"}, {.name = (char *)"fc1"}, {.name = (char *)"fc2"}};

/* The plan of the control with these twins; NULL: with all. */
static bool expand(const char *list, struct plan *plan, struct graph *graph, struct error *e) {
    struct option option = {(char *)"twins", (char *)list, {3, 7}};
    struct battery_control entry = {(char *)"twins", &option, list ? 1 : 0, {2, 5}};
    struct control_values v;
    *e = (struct error){{0}};
    *graph = (struct graph){.layers = layers, .layer_count = 3, .classes = 10};
    plan_init(plan, graph);
    return control_values_parse(&control_twins, &battery, &entry, &v, e) &&
           control_expand(&control_twins, plan, 0, &v, &battery, 0, 5, e);
}

/* A list is read to its end and no further. */
Test(control_twins, lists) {
    static const struct {
        const char *list, *stages; /* of the plan; NULL: refused */
    } cases[] = {
        {"near", "near"},
        {"near,confidence", "near confidence"},
        {"confidence, near", "near confidence"},
        {" near ,, confidence ,", "near confidence"},
        {"near confidence\0units", "near confidence"},
        {"near, confidant", NULL},
        {"", NULL},
        {" , ", NULL},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct error e;
        struct plan plan;
        struct graph graph;
        char stages[128] = "";
        bool ok = expand(cases[k].list, &plan, &graph, &e);
        cr_expect_eq(ok, cases[k].stages != NULL, "'%s'", cases[k].list);
        for (uint32_t i = 0; ok && i < plan.use_count; i++)
            snprintf(stages + strlen(stages), sizeof stages - strlen(stages), "%s%s", i ? " " : "", plan.uses[i].stage);
        if (ok) cr_expect_str_eq(stages, cases[k].stages, "'%s'", cases[k].list);
        else cr_expect(strstr(e.text, "near, units and confidence wanted"), "%s", e.text);
        plan_finish(&plan);
    }
}

/* The distance of the twins' two maps, every element of which counts; the scale of the map does not. */
Test(control_twins, maps_are_compared_at_every_scale) {
    static const float scales[] = {1e-12f, 1, 1e12f};
    static const double moves[] = {0, .0009, .2};
    const struct predicate *same = NULL;
    struct plan plan;
    struct graph graph;
    struct error e;
    cr_assert(expand(NULL, &plan, &graph, &e), "%s", e.text);
    for (uint32_t k = 0; k < plan.check_count; k++)
        if (strcmp(plan.checks[k].predicate->id, "confidence-map") == 0) same = plan.checks[k].predicate;
    cr_assert_not_null(same);
    for (size_t k = 0; k < 3 * 3 * 4; k++) {
        double move = moves[k % 3], worst, tolerance;
        float scale = scales[k / 3 % 3], map[4] = {.5f, -.5f, .5f, -.5f}, other[4];
        for (int i = 0; i < 4; i++) other[i] = map[i] *= scale; /* of norm 1 times the scale */
        other[k / 9] += (float)move * scale;
        const struct answer answers[] = {{.map = map, .classes = 10}, {.map = other, .classes = 10}};
        same->holds(&(struct predicate_case){answers, 2, 4, 1, 4, 0}, &worst, &tolerance);
        cr_expect_float_eq(worst, move, 1e-6, "scale %g, element %zu: %g", (double)scale, k / 9, worst);
        cr_expect_eq(worst <= tolerance, move < .1, "%g where %g is allowed", worst, tolerance);
    }
    plan_finish(&plan);
}
