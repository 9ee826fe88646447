/* The table of controls, their options, and what each of them expands into. */
#include "controls/controls.h"

#include "base/rng.h"
#include "base/text.h"
#include "experiment/standard.h"
#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct battery battery = {.path = (char *)"b.yaml", .inputs = 30, .seed = 1};

Test(control, every_descriptor_is_whole) {
    size_t count = 0;
    for (; controls[count]; count++) {
        const struct control *c = controls[count];
        cr_expect_eq(control_find(controls, c->id), c, "%s: found under its name, once", c->id);
        cr_expect_eq(strspn(c->id, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(c->id), "%s is not kebab-case",
                     c->id);
        cr_expect(c->summary && c->summary[0] && !strchr(c->summary, '\n') && strlen(c->summary) <= 100, "%s: summary",
                  c->id);
        cr_expect(c->source && strstr(c->source, "arXiv:") && strstr(c->source, "section"), "%s: a paper and a section",
                  c->id);
        cr_expect(c->claim && c->claim[0] && !ispunct((unsigned char)c->claim[strlen(c->claim) - 1]), "%s: claim",
                  c->id);
        cr_expect((c->expand != NULL) != (c->study != NULL), "%s: one of the two", c->id);
        size_t options = 0;
        for (; c->options && c->options[options].name; options++) {
            const struct control_option *o = &c->options[options];
            cr_expect(o->summary && o->summary[0], "%s %s: summary", c->id, o->name);
            if (o->kind == OPTION_CHOICE) cr_expect(o->choice && o->choice(0), "%s %s: choices", c->id, o->name);
            else
                cr_expect(o->number >= o->min && o->number <= o->max, "%s %s: default within its range", c->id,
                          o->name);
        }
        cr_expect_leq(options, sizeof((struct control_values){0}.value) / sizeof(double), "%s", c->id);
    }
    cr_expect_eq(count, 16);
    cr_expect_null(control_find(controls, "cascade"));
}

/* ---- `controls: default` ---- */

Test(control, the_standard_ones) {
    static const char *const all[] = {
        "cascading",          "independent",   "label-permutation", "linear-identity", "zero-pixel",
        "completeness",       "twins",         "class-sensitivity", "other-classes",   "class-relabelling",
        "quadratic-identity", "unseen-region", "planted-evidence"};
    struct error e = {{0}};
    for (int training = 0; training < 2; training++) {
        struct battery *b = calloc(1, sizeof *b);
        cr_assert_not_null(b);
        b->has_training = training == 1;
        b->standard_controls = true;
        cr_assert(standard_controls_fill(b, controls, &e), "%s", e.text);
        size_t next = 0;
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            if (!training && strcmp(all[k], "label-permutation") == 0) continue;
            cr_assert_lt(next, b->control_count, "%s is missing", all[k]);
            cr_expect_str_eq(b->controls[next++].id, all[k]);
        }
        cr_expect_eq(next, b->control_count);
        battery_destroy(b);
    }
}

Test(control, named_ones_are_left_as_they_are) {
    struct battery_control named = {.id = (char *)"twins"};
    struct battery b = {.path = (char *)"b.yaml", .controls = &named, .control_count = 1};
    struct error e = {{0}};
    cr_assert(standard_controls_fill(&b, controls, &e), "%s", e.text);
    cr_expect_eq(b.controls, &named);
    cr_expect_eq(b.control_count, 1);
}

Test(control, expectations_of_the_standard_ones) {
    static const struct {
        const char *control;
        bool known;
    } cases[] = {{"all", true}, {"unseen-region", true}, {"unseen", false}, {"label-permutation", false}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct error e = {{0}};
        struct expectation row = {.control = (char *)cases[k].control, .location = {3, 7}};
        struct battery b = {
            .path = (char *)"b.yaml", .standard_controls = true, .expectations = &row, .expectation_count = 1};
        cr_expect_eq(standard_controls_fill(&b, controls, &e), cases[k].known, "%s: %s", cases[k].control, e.text);
        if (!cases[k].known)
            cr_expect(strstr(e.text, "b.yaml:3:7: expect: '") && strstr(e.text, "none of the battery's controls"), "%s",
                      e.text);
        for (size_t i = 0; i < b.control_count; i++) free(b.controls[i].id);
        free(b.controls);
    }
}

/* ---- options ---- */

static bool parse(const struct control *c, const char *name, const char *value, struct control_values *out,
                  struct error *e) {
    struct option option = {(char *)name, (char *)value, {3, 7}};
    struct battery_control entry = {(char *)c->id, &option, name ? 1 : 0, {2, 5}};
    *e = (struct error){{0}};
    return control_values_parse(c, &battery, &entry, out, e);
}

Test(control, options_have_defaults) {
    struct control_values v;
    struct error e;
    cr_assert(parse(&control_cascading, NULL, NULL, &v, &e), "%s", e.text);
    cr_expect_eq(control_value(&control_cascading, &v, "init"), 0);
    cr_expect_eq(control_value(&control_cascading, &v, "sigma"), .1);
    cr_expect(isnan(control_value(&control_cascading, &v, "nothing")));
    cr_assert(parse(&control_label_permutation, NULL, NULL, &v, &e), "%s", e.text);
    cr_expect_eq(control_value(&control_label_permutation, &v, "permutations"), 4);
    cr_expect_eq(control_value(&control_label_permutation, &v, "twins"), 4);
    cr_assert(parse(&control_zero_pixel, NULL, NULL, &v, &e), "%s", e.text);
}

Test(control, options_are_read) {
    static const struct {
        const struct control *control;
        const char *name, *value;
        double expected;
    } cases[] = {
        {&control_cascading, "init", "own", 0},           {&control_cascading, "init", "normal", 1},
        {&control_independent, "init", "permute", 2},     {&control_independent, "init", "matched", 3},
        {&control_cascading, "sigma", "1e-6", 1e-6},      {&control_cascading, "sigma", "1000", 1000},
        {&control_cascading, "running-stats", "keep", 1}, {&control_label_permutation, "twins", "50", 50},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct control_values v;
        struct error e;
        cr_assert(parse(cases[c].control, cases[c].name, cases[c].value, &v, &e), "%s", e.text);
        cr_expect_eq(control_value(cases[c].control, &v, cases[c].name), cases[c].expected, "%s", cases[c].value);
    }
}

Test(control, wrong_options_are_refused_with_their_place) {
    static const struct {
        const struct control *control;
        const char *name, *value, *words;
    } cases[] = {
        {&control_cascading, "init", "Own",
         "init of control cascading is 'Own': wanted one of own, normal, permute, matched"},
        {&control_cascading, "init", "", "wanted one of own"},
        {&control_independent, "running-stats", "1", "wanted one of reset, keep"},
        {&control_cascading, "sigma", "0", "sigma of control cascading is '0': wanted a number from 1e-06 to 1000"},
        {&control_cascading, "sigma", "-1", "wanted a number"},
        {&control_cascading, "sigma", "nan", "wanted a number"},
        {&control_cascading, "sigma", "inf", "wanted a number"},
        {&control_cascading, "sigma", "1e4", "wanted a number"},
        {&control_cascading, "sigma", ".1x", "wanted a number"},
        {&control_cascading, "sigma", "", "wanted a number"},
        {&control_label_permutation, "twins", "2.5", "wanted a whole number from 2 to 50"},
        {&control_label_permutation, "permutations", "1", "wanted a whole number from 2 to 50"},
        {&control_label_permutation, "permutations", "51", "wanted a whole number"},
        {&control_label_permutation, "permutation", "3", "has no option 'permutation': did you mean 'permutations'?"},
        {&control_cascading, "sigmas", "3", "did you mean 'sigma'?"},
        {&control_cascading, "direction", "up", "control cascading has no option 'direction'"},
        {&control_zero_pixel, "tolerance", "1", "control zero-pixel has no option 'tolerance'"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct control_values v;
        struct error e;
        cr_expect_not(parse(cases[c].control, cases[c].name, cases[c].value, &v, &e), "%s: %s", cases[c].name,
                      cases[c].value);
        cr_expect(strncmp(e.text, "b.yaml:3:7: ", 12) == 0, "no place: %s", e.text);
        cr_expect(strstr(e.text, cases[c].words), "\"%s\" does not say \"%s\"", e.text, cases[c].words);
    }
}

/* A model trained by this program from the battery's seed must not meet its initial weights again in draw 0. */
Test(control, draws_have_streams_of_their_own) {
    struct control_values v;
    struct error e;
    cr_assert(parse(&control_cascading, "init", "normal", &v, &e));
    struct init_options a = control_init(&v, 1, 0), b = control_init(&v, 1, 4), c = control_init(&v, 2, 0);
    cr_expect_eq(a.scheme, &init_normal);
    cr_expect_eq(a.sigma, .1);
    cr_expect_not(a.keep_running_stats);
    cr_expect_not(a.negate);
    cr_expect_eq(b.draw, 4);
    cr_expect_eq(a.seed, b.seed);
    cr_expect_neq(a.seed, c.seed);
    cr_expect_neq(a.seed, 1);
}

/* ---- expansion ---- */

static struct layer layers[] = {{.name = (char *)"conv1"}, {.name = (char *)"fc1"}, {.name = (char *)"fc2"}};

static void expand(struct plan *plan, struct graph *graph, uint32_t classes, const struct control *const *list,
                   uint32_t from, uint32_t to) {
    static const struct battery_control plain = {0};
    *graph = (struct graph){.layers = layers, .layer_count = 3, .classes = classes};
    plan_init(plan, graph);
    for (uint32_t c = 0; list[c]; c++) {
        struct control_values v;
        struct error e = {{0}};
        cr_assert(control_values_parse(list[c], &battery, &plain, &v, &e), "%s", e.text);
        cr_assert(control_expand(list[c], plan, c, &v, &battery, from, to, &e), "%s", e.text);
    }
}

/* "stage name=key stage name=key ..." of one control and draw, in the order of use. */
static void describe(const struct plan *p, uint32_t control, uint32_t draw, char *out, size_t size) {
    out[0] = 0;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->control != control || u->draw != draw) continue;
        const struct attribution *a = &p->attributions[u->attribution];
        snprintf(out + strlen(out), size - strlen(out), "%s%u %s=%s%s", out[0] ? "; " : "", u->stage_index, u->stage,
                 a->key, a->wants & WANT_MISMATCHED ? " with floor" : "");
        cr_expect(a->wants & WANT_MATCHED);
    }
}

Test(control, what_each_expands_into) {
    static const struct {
        const struct control *control;
        uint32_t classes, draw;
        const char *expected;
    } cases[] = {
        {&control_cascading, 10, 0,
         "0 fc2=own:fc2/draw0; 1 +fc1=own:fc2..fc1/draw0; 2 +conv1=own:fc2..conv1/draw0 with floor"},
        {&control_cascading, 10, 1,
         "0 fc2=own:fc2/draw1; 1 +fc1=own:fc2..fc1/draw1; 2 +conv1=own:fc2..conv1/draw1 with floor"},
        {&control_independent, 10, 1,
         "0 fc2=own:fc2/draw1; 1 fc1=own:fc1/draw1; 2 conv1=own:conv1/draw1; "
         "3 all (floor)=own:fc2..conv1/draw1 with floor"},
        {&control_cascading, 2, 1,
         "0 fc2=own:fc2/draw1; 0 fc2=own:fc2/draw1-; 1 +fc1=own:fc2..fc1/draw1; 1 +fc1=own:fc2..fc1/draw1-; "
         "2 +conv1=own:fc2..conv1/draw1 with floor; 2 +conv1=own:fc2..conv1/draw1- with floor"},
        /* Only the top layer has an antithetic partner: negating a layer below changes more than signs. */
        {&control_independent, 2, 1,
         "0 fc2=own:fc2/draw1; 0 fc2=own:fc2/draw1-; 1 fc1=own:fc1/draw1; 2 conv1=own:conv1/draw1; "
         "3 all (floor)=own:fc2..conv1/draw1 with floor; 3 all (floor)=own:fc2..conv1/draw1- with floor"},
        {&control_bottom_up, 10, 1,
         "0 conv1=own:conv1/draw1; 1 +fc1=own:fc1..conv1/draw1; 2 +fc2=own:fc2..conv1/draw1 with floor"},
        {&control_bottom_up, 2, 1,
         "0 conv1=own:conv1/draw1; 1 +fc1=own:fc1..conv1/draw1; 2 +fc2=own:fc2..conv1/draw1 with floor; "
         "2 +fc2=own:fc2..conv1/draw1- with floor"},
        {&control_mprt, 10, 0, ""},
        {&control_label_permutation, 10, 3, "0 permuted=permuted/3 with floor; 1 twin=twin/3 with floor"},
        {&control_linear_identity, 10, 0, ""},
        {&control_zero_pixel, 10, 0, ""},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct control *list[] = {cases[c].control, NULL};
        struct plan plan;
        struct graph graph;
        char got[1024];
        expand(&plan, &graph, cases[c].classes, list, 0, 2);
        describe(&plan, 0, cases[c].draw, got, sizeof got);
        cr_expect_str_eq(got, cases[c].expected, "%s: %s", cases[c].control->id, got);
        plan_finish(&plan);
    }
}

Test(control, further_draws_add_to_what_is_there) {
    static const struct control *const list[] = {&control_cascading,         &control_independent,
                                                 &control_label_permutation, &control_linear_identity,
                                                 &control_zero_pixel,        NULL};
    static const struct battery_control plain = {0};
    struct plan plan;
    struct graph graph;
    struct error e = {{0}};
    expand(&plan, &graph, 10, list, 0, 5);
    /* Per draw: 3 cascade stages and 3 single layers, of which the top layer is shared, and the floor is the last
     * stage. */
    uint32_t weights = 5 * 5, networks = 8, checks = 4; /* two asks, a study, and the original of the model */
    cr_expect_eq(plan.attribution_count, weights + networks + checks);
    cr_expect_eq(plan.use_count, 5 * (3 + 4) + networks);
    for (uint32_t c = 0; list[c]; c++) {
        struct control_values v;
        cr_assert(control_values_parse(list[c], &battery, &plain, &v, &e));
        cr_assert(control_expand(list[c], &plan, c, &v, &battery, 5, 10, &e));
    }
    cr_expect_eq(plan.attribution_count, 2 * weights + networks + checks);
    cr_expect_eq(plan.use_count, 10 * (3 + 4) + networks);
    cr_expect_eq(plan.check_count, 2 + 3, "two predicates, and the readings of the study");
    for (uint32_t a = weights + networks + checks; a < plan.attribution_count; a++)
        cr_expect(plan.attributions[a].draw >= 5 && plan.attributions[a].draw < 10);
    plan_finish(&plan);
}

/* ---- predicates ---- */

static void ask(const struct control *control, const struct answer *answer, unsigned claims, double *worst,
                double *tolerance) {
    const struct control *list[] = {control, NULL};
    struct plan plan;
    struct graph graph;
    expand(&plan, &graph, 10, list, 0, 5);
    cr_assert_geq(plan.check_count, 1);
    const struct predicate_case c = {answer, 1, 4, 1, 4, claims};
    plan.checks[0].predicate->holds(&c, worst, tolerance);
    plan_finish(&plan);
}

Test(control, linear_identity_holds_at_every_scale) {
    static const float w[4] = {1, -2, .5f, 0}, x[4] = {2, .5f, 0, 3};
    static const unsigned claims[] = {0, ASSAY_INPUT_MULTIPLIER, ASSAY_NON_NEGATIVE,
                                      ASSAY_INPUT_MULTIPLIER | ASSAY_NON_NEGATIVE};
    static const float scales[] = {1e-10f, 1, 1e10f};
    for (size_t k = 0; k < 4; k++)
        for (size_t s = 0; s < 3; s++)
            for (int wrong = 0; wrong < 4; wrong++) {
                float map[4], row[4];
                double worst, tolerance;
                for (int i = 0; i < 4; i++) {
                    row[i] = w[i] * scales[s];
                    double due = (double)row[i] * ((claims[k] & ASSAY_INPUT_MULTIPLIER) ? (double)x[i] : 1);
                    map[i] = (float)((claims[k] & ASSAY_NON_NEGATIVE) ? fabs(due) : due);
                }
                float unit = 0;
                for (int i = 0; i < 4; i++) unit = fmaxf(unit, fabsf(map[i]));
                if (wrong == 1) map[3] += 1e-3f * unit; /* where zero is due */
                if (wrong == 2)
                    for (int i = 0; i < 4; i++) map[i] *= .5f;
                if (wrong == 3) map[0] = NAN; /* followed by values that are right */
                ask(&control_linear_identity, &(struct answer){.map = map, .input = x, .row = row}, claims[k], &worst,
                    &tolerance);
                cr_expect_eq(worst <= tolerance, wrong == 0, "claims %u, scale %g, case %d: %g against %g", claims[k],
                             (double)scales[s], wrong, worst, tolerance);
            }
}

Test(control, zero_pixel_looks_at_zero_inputs_only) {
    static const float x[4] = {0, 1, 0, -1};
    static const struct {
        float map[4];
        bool holds;
    } cases[] = {
        {{0, 5, 0, 5}, true},       {{0, 0, 0, 0}, true},          {{1e-7f, 5, 0, 5}, true},
        {{0, 5, -1e-3f, 5}, false}, {{1, 0, 0, 0}, false},         {{NAN, 5, 0, 5}, false},
        {{0, 5, NAN, 5}, false},    {{1e-9f, 1e-8f, 0, 0}, false}, {{-0.0f, 5, 0, 5}, true},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double worst, tolerance;
        ask(&control_zero_pixel, &(struct answer){.map = cases[c].map, .input = x}, 0, &worst, &tolerance);
        cr_expect_eq(worst <= tolerance, cases[c].holds, "case %zu: %g against %g", c, worst, tolerance);
    }
}

Test(control, who_is_asked) {
    char why[128] = "";
    cr_expect_null(control_cascading.applies);
    cr_expect_null(control_linear_identity.applies, "who claims nothing is asked what the map is");
    cr_expect(control_zero_pixel.applies(ASSAY_INPUT_MULTIPLIER, why, sizeof why));
    cr_expect_not(control_zero_pixel.applies(ASSAY_NON_NEGATIVE, why, sizeof why));
    cr_expect_str_eq(why, "The method does not claim to multiply by the input.");
}
