/* The study class-relabelling: no class stays, they are not all shifted by one number, and each is asked for at its
 * new place. */
#include "onnx_text.h"

#include "controls/class_rows.h"
#include "controls/controls.h"
#include "nn/arch.h"
#include "plan/study.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 5u
#define INPUTS 12u
#define COUNT 6u

enum { DISTANCE, TARGET, MOVED, DEAD, READINGS };

struct lab {
    uint32_t bias, asked;            /* the value; maps so far, of INPUTS each */
    uint32_t targets[2][INPUTS];     /* of the model, and of the other network */
    double values[READINGS][INPUTS]; /* what was measured */
};

/* The logits of a network are its biases: they tell where each class is. */
static bool forward(void *user, const struct weights *w, uint32_t n, const float *x, float *logits, struct error *e) {
    const struct lab *l = user;
    (void)x, (void)e;
    for (uint32_t i = 0; i < n * CLASSES; i++) logits[i] = w->data[l->bias][i % CLASSES];
    return true;
}

/* A map that follows the class: the bias of the logit that is asked for. */
static enum study_outcome explain(void *user, const struct study_request *r, float *maps, struct error *e) {
    struct lab *l = user;
    (void)e;
    cr_assert(l->asked < 2 && r->n == INPUTS && r->own);
    memcpy(l->targets[l->asked++], r->targets, INPUTS * sizeof *r->targets);
    for (uint32_t k = 0; k < INPUTS * COUNT; k++) maps[k] = r->weights->data[l->bias][r->targets[k / COUNT]];
    return STUDY_DONE;
}

static const struct study *the_study(const struct graph *g) {
    const struct battery b = {.path = (char *)"b.yaml", .inputs = INPUTS};
    const struct control_values none = {.value = {0}};
    struct plan plan;
    struct error e = {{0}};
    const struct study *study = NULL;
    plan_init(&plan, g);
    cr_assert(control_expand(&control_class_relabelling, &plan, 0, &none, &b, 0, 1, &e), "%s", e.text);
    for (uint32_t a = 0; a < plan.attribution_count; a++)
        if (plan.attributions[a].study) study = plan.attributions[a].study;
    plan_finish(&plan);
    cr_assert_not_null(study);
    return study;
}

static void expect_places(const struct lab *l, uint64_t seed) {
    bool shift = true;
    for (uint32_t i = 0; i < INPUTS; i++) {
        uint32_t t = (uint32_t)l->values[TARGET][i], to = (uint32_t)l->values[MOVED][i];
        cr_expect_neq(t, to, "seed %u: class %u stays", (unsigned)seed, t);
        cr_expect_eq(l->targets[0][i], t);
        cr_expect_eq(l->targets[1][i], to);
        cr_expect_eq(l->values[DISTANCE][i], 0, "the class that was asked for is asked for again");
        cr_expect_eq(l->values[DEAD][i], 0);
        if (i) cr_expect_eq(t, ((uint32_t)l->values[TARGET][i - 1] + 1) % CLASSES, "every class in turn");
        shift = shift && (to + CLASSES - t) % CLASSES ==
                             ((uint32_t)l->values[MOVED][0] + CLASSES - (uint32_t)l->values[TARGET][0]) % CLASSES;
    }
    cr_expect(!shift, "seed %u", (unsigned)seed);
}

Test(control_relabelling, no_class_stays) {
    const struct shape sample = {1, {COUNT}};
    static const float x[INPUTS * COUNT];
    static const uint32_t target[INPUTS];
    struct graph *graph;
    struct weights *model;
    struct error e = {{0}};
    uint32_t bias = 0;
    cr_assert(arch_build("fc:5", &sample, &graph, &e) && weights_create(graph, &model, &e), "%s", e.text);
    while (strcmp(graph->values[bias].name, "fc1.bias") != 0) cr_assert_lt(++bias, graph->value_count);
    for (uint32_t k = 0; k < CLASSES; k++) weights_edit(model, bias)[k] = (float)(k + 1);
    const struct study *study = the_study(graph);
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct lab l = {.bias = bias};
        double *values[READINGS];
        for (int r = 0; r < READINGS; r++) values[r] = l.values[r];
        for (int k = 0; k < READINGS * (int)INPUTS; k++) l.values[k / (int)INPUTS][k % (int)INPUTS] = (double)NAN;
        const struct study_case c = {study, model,  &sample, CLASSES, false, false,  INPUTS,
                                     x,     target, seed,    0,       0,     values, {explain, forward, &l}};
        cr_assert_eq(study->run(&c, &e), STUDY_DONE, "%s", e.text);
        cr_expect_eq(l.asked, 2);
        expect_places(&l, seed);
    }
    weights_destroy(model);
    graph_destroy(graph);
}

/* In a network of one layer the bias is that of the first node; it is drawn anew like the matrix. */
Test(control_relabelling, the_only_layer_has_a_bias) {
    const struct shape sample = {1, {COUNT}};
    struct graph *graph;
    struct weights *model;
    struct class_rows rows;
    struct error e = {{0}};
    cr_assert(arch_build("fc:5", &sample, &graph, &e) && weights_create(graph, &model, &e), "%s", e.text);
    const struct study_case c = {.model = model, .sample = &sample, .classes = CLASSES};
    cr_assert(class_rows_find(&c, &rows, &e), "%s", e.text);
    cr_expect_eq(rows.count, 2);
    for (uint32_t k = 0; k < rows.count; k++)
        cr_expect(rows.parameters[k].drawn, "%s", graph->values[rows.parameters[k].value].name);
    weights_destroy(model);
    graph_destroy(graph);
}

/* Rows are found in a last layer without a bias, too. */
Test(control_relabelling, rows_without_a_bias) {
    const struct shape sample = {1, {COUNT}};
    struct graph *g;
    struct weights *model;
    struct class_rows rows;
    struct error e = {{0}};
    cr_assert(arch_build("fc:4,relu,fc:5", &sample, &g, &e) && weights_create(g, &model, &e), "%s", e.text);
    struct layer *last = &g->layers[g->layer_count - 1];
    cr_assert(g->nodes[last->node].input_count == 3 && last->parameter_count == 2);
    g->nodes[last->node].input_count = 2;
    last->parameter_count = 1;
    const struct study_case c = {.model = model};
    cr_expect(class_rows_find(&c, &rows, &e), "%s", e.text);
    cr_expect_eq(rows.count, 1);
    cr_expect_eq(rows.classes, CLASSES);
    g->nodes[last->node].input_count = 3;
    last->parameter_count = 2;
    weights_destroy(model);
    graph_destroy(g);
}

/* Where the outputs lie in the last layer's weights: a row of each is `inner` long and `outer` apart. */
static const struct {
    struct onnx_words words;
    size_t outer, inner;
} forms[] = {
    {{17, "x:f:1x4", "y:f:1x3", {"w:f:4x3"}, {"MatMul x w > y"}, {{NULL}}}, 4, 1},
    {{17, "x:f:1x4", "y:f:1x3", {"w:f:4x3"}, {"Gemm x w > y"}, {{NULL}}}, 4, 1},
    {{17, "x:f:1x4", "y:f:1x3", {"w:f:3x4"}, {"Gemm x w > y transB=1"}, {{NULL}}}, 1, 4},
    {{17, "x:f:1x2x2x2", "y:f:1x3", {"w:f:3x2x2x2"}, {"Conv x w > c", "Flatten c > y"}, {{NULL}}}, 1, 8},
};

Test(control_relabelling, rows_of_every_form, .init = scratch_enter, .fini = scratch_leave) {
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        struct graph *g;
        struct class_rows rows;
        struct error e = {{0}};
        cr_assert(words_load(&forms[f].words, NULL, &g, &e), "form %zu: %s", f, e.text);
        const struct weights model = {.graph = g};
        const struct study_case c = {.model = &model};
        cr_assert(class_rows_find(&c, &rows, &e), "form %zu: %s", f, e.text);
        cr_expect(rows.count == 1 && rows.classes == 3 && rows.parameters[0].drawn, "form %zu", f);
        cr_expect_eq(rows.parameters[0].outer, forms[f].outer, "form %zu: %zu", f, rows.parameters[0].outer);
        cr_expect_eq(rows.parameters[0].inner, forms[f].inner, "form %zu: %zu", f, rows.parameters[0].inner);
        graph_destroy(g);
    }
}
