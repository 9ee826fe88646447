/* What the studies of controls measure is data that reports print: which of it has a limit, which one, and how many
 * numbers there are; and the controls that a quick run has. */
#include "controls/controls.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void expand(struct plan *plan, struct graph *graph, const struct control *c) {
    static struct layer layers[] = {{.name = (char *)"conv1"}, {.name = (char *)"fc1"}};
    static const struct battery_control plain = {0};
    const struct battery battery = {.path = (char *)"b.yaml", .inputs = 30, .seed = 1};
    struct control_values v;
    struct error e = {{0}};
    *graph = (struct graph){.layers = layers, .layer_count = 2, .classes = 10};
    plan_init(plan, graph);
    cr_assert(control_values_parse(c, &battery, &plain, &v, &e), "%s", e.text);
    cr_assert(control_expand(c, plan, 0, &v, &battery, 0, 1, &e), "%s", e.text);
}

/* docs/controls.md has the limits. */
Test(control_readings, limits_and_numbers) {
    static const struct {
        const char *control, *id;
        uint32_t count;
        double limit;
    } limited[] = {
        {"other-classes", "distance", 4, 1e-3},
        {"class-relabelling", "distance", 12, 1e-3},
        {"unseen-region", "distance", 8, .05},
        {"completeness", "off", 8, 1},
        {"completeness", "missing", 1, .2},
        {"completeness", "sum", 8, (double)NAN},
        {"completeness", "due", 8, (double)NAN},
        {"planted-evidence", "miss", 1, .1},
        {"planted-evidence", "astray", 1, .55},
        {"planted-evidence", "place-t", 1, 4},
        {"planted-evidence", "wrong-sign", 1, .4},
        {"planted-evidence", "wrong-channel", 1, .5},
        {"planted-evidence", "swap", 1, .1},
        {"planted-evidence", "prior", 1, .3},
        {"other-classes", "target", 4, (double)NAN},
        {"other-classes", "followed", 1, (double)NAN},
        {"other-classes", "follows", 1, (double)NAN},
        {"other-classes", "softmax", 1, (double)NAN},
        {"other-classes", "log-softmax", 1, (double)NAN},
        {"class-relabelling", "target", 12, (double)NAN},
        {"class-relabelling", "moved", 12, (double)NAN},
        {"class-relabelling", "dead", 12, (double)NAN},
        {"unseen-region", "picture", 8, (double)NAN},
        {"unseen-region", "edges", 8, (double)NAN},
        {"linear-identity", "form", 1, (double)NAN},
        {"linear-identity", "form-distance", 10, (double)NAN},
        {"linear-identity", "form-factor", 10, (double)NAN},
        {"mprt", "layers", 4, (double)NAN},
        {"mprt", "mprt", 4, (double)NAN},
        {"mprt", "smooth-mprt", 4, (double)NAN},
        {"mprt", "efficient-mprt", 12, (double)NAN},
    };
    bool seen[sizeof limited / sizeof *limited] = {false};
    for (size_t c = 0; controls[c]; c++) {
        struct plan plan;
        struct graph graph;
        expand(&plan, &graph, controls[c]);
        for (uint32_t k = 0; k < plan.check_count; k++) {
            const struct predicate *p = plan.checks[k].predicate;
            double limit = (double)NAN;
            if (!plan.checks[k].readings) continue;
            for (size_t i = 0; i < sizeof limited / sizeof *limited; i++) {
                if (strcmp(limited[i].control, controls[c]->id) != 0 || strcmp(limited[i].id, p->id) != 0) continue;
                cr_expect_eq(plan.checks[k].readings, limited[i].count, "%s/%s", controls[c]->id, p->id);
                limit = limited[i].limit;
                seen[i] = true;
            }
            if (isnan(limit)) cr_expect(isnan(p->limit), "%s/%s has a limit: %g", controls[c]->id, p->id, p->limit);
            else cr_expect_eq(p->limit, limit, "%s/%s: %g", controls[c]->id, p->id, p->limit);
        }
        plan_finish(&plan);
    }
    for (size_t i = 0; i < sizeof limited / sizeof *limited; i++)
        cr_expect(seen[i], "%s/%s", limited[i].control, limited[i].id);
}

Test(control_readings, of_a_quick_run) {
    static const char *const quick[] = {"cascading",          "linear-identity",   "zero-pixel",
                                        "completeness",       "class-sensitivity", "other-classes",
                                        "quadratic-identity", "unseen-region",     "class-relabelling"};
    size_t count = 0;
    for (size_t c = 0; controls[c]; c++) count += controls[c]->quick;
    cr_expect_eq(count, sizeof quick / sizeof *quick);
    for (size_t k = 0; k < sizeof quick / sizeof *quick; k++)
        cr_expect(control_find(controls, quick[k])->quick, "%s", quick[k]);
}
