/* Which layers form a stage: groups by name pattern, from the output down. */
#include "controls/stages.h"

#include "base/text.h"
#include "controls/controls.h"
#include "nn/arch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct battery battery = {.path = (char *)"b.yaml", .model = (char *)"m.onnx", .inputs = 30, .seed = 1};

/* Layers conv1, conv2, fc1, fc2. */
static struct graph *graph_of(void) {
    struct graph *g;
    struct error e;
    const struct shape sample = {3, {1, 12, 12}};
    cr_assert(arch_build("conv:2x3,relu,conv:2x3,relu,fc:4,relu,fc:3", &sample, &g, &e), "%s", e.text);
    /* No room behind the last: a sanitizer sees who reads there. */
    g->layers = realloc(g->layers, g->layer_count * sizeof *g->layers);
    cr_assert_not_null(g->layers);
    return g;
}

static bool make(const struct graph *g, const char *classifier, const char *groups, struct stages *out,
                 struct error *e) {
    struct option given[] = {{(char *)"classifier", (char *)classifier, {4, 7}},
                             {(char *)"groups", (char *)groups, {3, 7}}};
    struct battery_control entry = {(char *)"cascading", given, groups ? 2 : 1, {2, 5}};
    struct control_values v;
    *e = (struct error){{0}};
    cr_assert(control_values_parse(&control_cascading, &battery, &entry, &v, e), "%s", e->text);
    return stages_create(g, &control_cascading, &v, &battery, out, e);
}

/* "fc2 | fc1 conv2": the layers of every stage, in graph order from the top. */
static const char *describe(const struct graph *g, const struct stages *s, char *buffer, size_t size) {
    buffer[0] = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (i) strncat(buffer, " |", size - strlen(buffer) - 1);
        for (uint32_t l = s->layer_count; l-- > 0;)
            if (s->layers[(size_t)i * s->layer_count + l]) {
                if (buffer[0]) strncat(buffer, " ", size - strlen(buffer) - 1);
                strncat(buffer, g->layers[l].name, size - strlen(buffer) - 1);
            }
    }
    return buffer;
}

Test(stages, groups_by_pattern) {
    static const struct {
        const char *groups, *layers, *first;
        bool complete;
    } cases[] = {
        {NULL, "fc2 | fc1 | conv2 | conv1", "fc2", true},
        {"fc2", "fc2", "fc2", false},
        {"dense=fc*, conv2, conv1", "fc2 fc1 | conv2 | conv1", "dense", true},
        {"dense = fc1 fc2 , rest=*", "fc2 fc1 | conv2 conv1", "dense", true},
        {"fc2,*", "fc2 | fc1 conv2 conv1", "fc2", true},
        {"conv[12]", "conv2 conv1", "conv[12]", false},
    };
    struct graph *g = graph_of();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stages s;
        struct error e;
        char text[128];
        cr_assert(make(g, "as-grouped", cases[i].groups, &s, &e), "%zu: %s", i, e.text);
        cr_expect_str_eq(describe(g, &s, text, sizeof text), cases[i].layers);
        cr_expect_str_eq(s.names[0], cases[i].first);
        cr_expect_eq(s.complete, cases[i].complete, "%zu", i);
        stages_finish(&s);
    }
    graph_destroy(g);
}

/* TensorFlow's names are paths: a star crosses their slashes. */
Test(stages, a_star_crosses_slashes) {
    struct graph *g = graph_of();
    struct stages s;
    struct error e;
    for (uint32_t l = 0; l < g->layer_count; l++) {
        char *path = text_format("net/block%u/%s", l / 2, g->layers[l].name);
        free(g->layers[l].name);
        g->layers[l].name = path;
    }
    cr_assert(make(g, "as-grouped", "net*fc2,*1/*,*", &s, &e), "%s", e.text);
    cr_expect_eq(s.count, 3);
    cr_expect(s.complete && s.layers[3] && s.layers[s.layer_count + 2] && s.layers[2 * s.layer_count]);
    stages_finish(&s);
    graph_destroy(g);
}

Test(stages, says_what_matches_nothing) {
    static const struct {
        const char *groups, *message;
    } cases[] = {
        {"fc3",
         "b.yaml:3:7: groups of control cascading: 'fc3' matches no layer that is left: did you mean 'fc1'? (see "
         "'assay list layers --model m.onnx')"},
        {"*, conv1", "b.yaml:3:7: groups of control cascading: 'conv1' matches no layer that is left (see"
                     " 'assay list layers --model m.onnx')"},
        {"=fc1", "b.yaml:3:7: groups of control cascading: 'fc1' names no stage: wanted NAME=PATTERN "
                 "(see 'assay list layers --model m.onnx')"},
        {"", "b.yaml:3:7: groups of control cascading: '' names no stage: wanted NAME=PATTERN (see 'assay list layers "
             "--model m.onnx')"},
    };
    struct graph *g = graph_of();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stages s;
        struct error e;
        cr_assert(!make(g, "as-grouped", cases[i].groups, &s, &e), "%s", cases[i].groups);
        cr_expect_str_eq(e.text, cases[i].message);
    }
    graph_destroy(g);
}

/* The classifier is the last layer, fc2. */
Test(stages, classifier) {
    static const struct {
        const char *classifier, *groups, *layers, *message;
    } cases[] = {
        {"as-grouped", "fc1, conv*", "fc1 | conv2 conv1", NULL},
        {"first", "fc1, conv*", "fc2 | fc1 | conv2 conv1", NULL},
        {"first", "*", "fc2 | fc1 conv2 conv1", NULL},
        {"first", NULL, "fc2 | fc1 | conv2 | conv1", NULL},
        {"keep", "fc1, conv*", "fc1 | conv2 conv1", NULL},
        {"keep", "fc*, conv*", "fc1 | conv2 conv1", NULL},
        {"keep", NULL, "fc1 | conv2 | conv1", NULL},
        {"keep", "fc2, conv*", "conv2 conv1", NULL},
        {"keep", "top=fc2 fc1", "fc1", NULL},
        {"keep", "fc2", NULL,
         "b.yaml: control cascading: no layer is left to draw anew: `classifier: keep` leaves 'fc2' as trained: "
         "`classifier: as-grouped` or a network of more layers wanted"},
        {"first", "fc2", "fc2", NULL},
        {"first", "fc3", NULL, "'fc3' matches no layer that is left"},
    };
    struct graph *g = graph_of();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stages s;
        struct error e;
        char text[128];
        bool made = make(g, cases[i].classifier, cases[i].groups, &s, &e);
        cr_expect_eq(made, cases[i].layers != NULL, "%zu: %s", i, e.text);
        if (!made) {
            cr_expect(strstr(e.text, cases[i].message), "%zu: %s", i, e.text);
            continue;
        }
        cr_expect_str_eq(describe(g, &s, text, sizeof text), cases[i].layers, "%zu: %s", i, text);
        cr_expect_eq(s.complete, strstr(cases[i].layers, "fc2") && strstr(cases[i].layers, "conv1"), "%zu", i);
        stages_finish(&s);
    }
    graph_destroy(g);
}

/* A network of one layer, as scikit-learn's linear models are. */
Test(stages, a_classifier_alone) {
    static const char *const groups[] = {NULL, "fc1", "rest=*"};
    const struct shape sample = {3, {1, 12, 12}};
    struct graph *g;
    struct error e;
    cr_assert(arch_build("fc:3", &sample, &g, &e), "%s", e.text);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct stages s;
        char text[128];
        cr_assert(!make(g, "keep", groups[i], &s, &e));
        cr_expect_str_eq(e.text,
                         "b.yaml: control cascading: no layer is left to draw anew: `classifier: keep` leaves the "
                         "only one, 'fc1' as trained: `classifier: as-grouped` or a network of more layers "
                         "wanted");
        cr_assert(make(g, "first", groups[i], &s, &e), "%s", e.text);
        cr_expect_str_eq(describe(g, &s, text, sizeof text), "fc1");
        cr_expect(s.complete);
        stages_finish(&s);
    }
    graph_destroy(g);
}

/* What is settled once the network is known: the list that `auto` is, gaps in groups, advice for many layers. */
Test(stages, settle) {
    static const char deep[] = "conv:2x3,relu,conv:2x3,relu,fc:4,relu,fc:3";
    static const struct {
        const char *groups, *settled, *said;
    } cases[] = {
        {NULL, NULL, ""},
        {"auto", "fc2=fc2, fc1=fc1, conv2=conv2, conv1=conv1", ""},
        {"dense=fc*, conv*", "dense=fc*, conv*", ""},
        {"ends=fc2 conv1, *", "ends=fc2 conv1, *",
         "warning: control cascading: layer 'conv2' lies between two layers of group 'ends' and is not of it\n"},
    };
    const struct shape sample = {3, {1, 12, 12}};
    struct graph *g;
    struct error e;
    cr_assert(arch_build(deep, &sample, &g, &e), "%s", e.text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct option option = {(char *)"groups", (char *)cases[i].groups, {3, 7}};
        struct battery_control entry = {(char *)"cascading", &option, cases[i].groups != NULL, {2, 5}};
        struct control_values v;
        struct text said = {0};
        cr_assert(control_values_parse(&control_cascading, &battery, &entry, &v, &e), "%s", e.text);
        cr_assert(control_cascading.settle(g, &battery, &v, &said, &e), "%s", e.text);
        const char *settled = control_text(&control_cascading, &v, "groups");
        if (cases[i].settled) cr_expect_str_eq(settled, cases[i].settled);
        else cr_expect_null(settled);
        cr_expect_str_eq(said.data ? said.data : "", cases[i].said);
        text_finish(&said);
        control_values_finish(&v);
    }
    graph_destroy(g);
}

/* Twenty layers are as many stages as usual; of more, groups are advised where they would be fewer than half. */
Test(stages, many_layers_are_advised_of_groups) {
    for (unsigned count = 20; count <= 21; count++) {
        struct text list = {0}, said = {0};
        struct graph *g;
        struct error e;
        const struct shape sample = {1, {4}};
        struct battery_control entry = {(char *)"cascading", NULL, 0, {2, 5}};
        struct control_values v;
        for (unsigned i = 0; i < count; i++) text_add(&list, "%sfc:4", i ? "," : "");
        cr_assert(arch_build(list.data, &sample, &g, &e), "%s", e.text);
        for (uint32_t l = 0; l < count; l++) {
            free(g->layers[l].name);
            g->layers[l].name = text_format("blocks.%u.fc%u", l / 7, l);
        }
        cr_assert(control_values_parse(&control_cascading, &battery, &entry, &v, &e), "%s", e.text);
        cr_assert(control_cascading.settle(g, &battery, &v, &said, &e), "%s", e.text);
        cr_expect_str_eq(said.data ? said.data : "",
                         count == 20 ? ""
                                     : "note: control cascading: 21 stages, a layer each: `groups: auto` makes 3 of "
                                       "them (see 'assay list layers --groups')\n");
        text_finish(&list);
        text_finish(&said);
        graph_destroy(g);
    }
}

/* A cascade that leaves the classifier alone is still read against the floor of the fully randomised network. */
Test(stages, an_incomplete_cascade_carries_its_floor_apart) {
    struct graph *g = graph_of();
    struct option option = {(char *)"groups", (char *)"conv2, conv1", {3, 7}};
    struct battery_control entry = {(char *)"cascading", &option, 1, {2, 5}};
    struct control_values v;
    struct error e;
    struct plan p;
    plan_init(&p, g);
    cr_assert(control_values_parse(&control_cascading, &battery, &entry, &v, &e), "%s", e.text);
    cr_assert(control_expand(&control_cascading, &p, 0, &v, &battery, 0, 2, &e), "%s", e.text);
    cr_expect_eq(plan_stages(&p, 0), 3);
    cr_expect_eq(plan_tested_stages(&p, 0), 2);
    cr_expect_str_eq(plan_stage_name(&p, 0, 1), "+conv1");
    for (uint32_t i = 0; i < p.use_count; i++) {
        const struct attribution *a = &p.attributions[p.uses[i].attribution];
        cr_expect_eq(p.uses[i].floor_only, p.uses[i].stage_index == 2);
        cr_expect_eq((a->wants & WANT_MISMATCHED) != 0, p.uses[i].floor_only, "%s", a->key);
        cr_expect_eq(a->model.layers[3], p.uses[i].floor_only, "the classifier is re-drawn for the floor only: %s",
                     a->key);
    }
    plan_finish(&p);
    graph_destroy(g);
}

/* The floor is of different inputs: with one, nothing is computed for it. */
Test(stages, one_input_has_no_floor) {
    const struct control *const both[] = {&control_cascading, &control_independent};
    struct graph *g = graph_of();
    battery.inputs = 1;
    for (size_t i = 0; i < 2; i++) {
        struct option option = {(char *)"groups", (char *)"conv2, conv1", {3, 7}};
        struct battery_control entry = {(char *)both[i]->id, &option, 1, {2, 5}};
        struct control_values v;
        struct error e;
        struct plan p;
        plan_init(&p, g);
        cr_assert(control_values_parse(both[i], &battery, &entry, &v, &e), "%s", e.text);
        cr_assert(control_expand(both[i], &p, 0, &v, &battery, 0, 1, &e), "%s", e.text);
        cr_expect_eq(p.use_count, 2);
        cr_expect_eq(plan_stages(&p, 0), plan_tested_stages(&p, 0));
        plan_finish(&p);
    }
    battery.inputs = 2;
    struct stages two;
    struct error e;
    cr_assert(make(g, "first", NULL, &two, &e), "%s", e.text);
    cr_expect(two.floor, "two inputs have one");
    stages_finish(&two);
    battery.inputs = 30;
    graph_destroy(g);
}

/* Two long names that differ in their ends were once one name. */
Test(stages, long_names_are_whole) {
    char groups[700];
    struct graph *g = graph_of();
    struct option option = {(char *)"groups", groups, {3, 7}};
    struct battery_control entry = {(char *)"cascading", &option, 1, {2, 5}};
    struct control_values v;
    struct error e;
    struct plan p;
    snprintf(groups, sizeof groups, "%0300d=fc*, %0300d=conv*", 1, 2);
    plan_init(&p, g);
    cr_assert(control_values_parse(&control_cascading, &battery, &entry, &v, &e), "%s", e.text);
    cr_assert(control_expand(&control_cascading, &p, 0, &v, &battery, 0, 1, &e), "%s", e.text);
    const char *name = plan_stage_name(&p, 0, 1);
    cr_expect_eq(strlen(name), 301, "%s", name);
    cr_expect_eq(name[300], '2');
    plan_finish(&p);
    graph_destroy(g);
}

/* Draws of the last layer are pairs where there are few outputs, or where that is asked for. */
Test(stages, antithetic_pairs) {
    static const struct {
        const char *arch, *antithetic;
        bool pairs;
    } cases[] = {{"fc:4,relu,fc:5", NULL, true},
                 {"fc:4,relu,fc:6", NULL, false},
                 {"fc:4,relu,fc:5", "never", false},
                 {"fc:4,relu,fc:6", "always", true},
                 {"fc:4,relu,fc:2", "auto", true}};
    const struct shape sample = {3, {1, 12, 12}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct option given = {(char *)"antithetic", (char *)cases[c].antithetic, {4, 7}};
        struct battery_control entry = {(char *)"cascading", &given, cases[c].antithetic ? 1 : 0, {2, 5}};
        struct control_values v;
        struct graph *g;
        struct error e = {{0}};
        struct plan p;
        uint32_t negated = 0, last = 0;
        cr_assert(arch_build(cases[c].arch, &sample, &g, &e), "%s", e.text);
        plan_init(&p, g);
        cr_assert(control_values_parse(&control_cascading, &battery, &entry, &v, &e), "%s", e.text);
        cr_assert(control_expand(&control_cascading, &p, 0, &v, &battery, 0, 1, &e), "%s", e.text);
        for (uint32_t a = 0; a < p.attribution_count; a++) {
            last += p.attributions[a].model.layers[1];
            negated += p.attributions[a].model.init.negate;
        }
        cr_expect_eq(negated, cases[c].pairs ? 2 : 0, "%s, %s: %u", cases[c].arch, cases[c].antithetic, negated);
        cr_expect_eq(last, cases[c].pairs ? 4 : 2);
        plan_finish(&p);
        graph_destroy(g);
    }
}

/* A network without weights has no layer that could be kept or drawn first. */
Test(stages, no_layers_at_all) {
    static const char *const classifiers[] = {"as-grouped", "first", "keep"};
    struct graph *g = graph_of();
    uint32_t count = g->layer_count;
    g->layer_count = 0;
    for (size_t k = 0; k < sizeof classifiers / sizeof *classifiers; k++) {
        struct stages s;
        struct error e;
        cr_expect_not(make(g, classifiers[k], NULL, &s, &e), "%s", classifiers[k]);
        cr_expect(strstr(e.text, "no layer to draw anew"), "%s: %s", classifiers[k], e.text);
    }
    g->layer_count = count;
    graph_destroy(g);
}
