/* The study input-shift: of more inputs than it takes, the first ones are compared and the others are left alone. */
#include "controls/controls.h"
#include "nn/arch.h"
#include "plan/study.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 11u
#define TAKEN 8u
#define CLASSES 3u
#define COUNT 4u

enum { SHIFT, DISTANCE, READINGS };

/* x w + b, as arch_build("fc:3") has it. */
static bool forward(void *user, const struct weights *w, uint32_t n, const float *x, float *logits, struct error *e) {
    const struct graph *g = w->graph;
    const float *matrix = w->data[g->layers[0].parameters[0]], *bias = w->data[g->layers[0].parameters[1]];
    (void)user, (void)e;
    cr_expect_eq(n, TAKEN);
    for (uint32_t k = 0; k < n * CLASSES; k++) {
        logits[k] = bias[k % CLASSES];
        for (uint32_t j = 0; j < COUNT; j++) logits[k] += matrix[k % CLASSES * COUNT + j] * x[k / CLASSES * COUNT + j];
    }
    return true;
}

/* The input itself, whose first element tells which one it is. */
static enum study_outcome explain(void *user, const struct study_request *r, float *maps, struct error *e) {
    (void)user, (void)e;
    cr_expect(r->n == TAKEN && r->own);
    memcpy(maps, r->x, (size_t)r->n * COUNT * sizeof *maps);
    return STUDY_DONE;
}

static const struct study *the_study(const struct graph *g) {
    const struct battery b = {.path = (char *)"b.yaml", .inputs = INPUTS};
    const struct control_values none = {.value = {0}};
    struct plan plan;
    struct error e = {{0}};
    const struct study *study = NULL;
    plan_init(&plan, g);
    cr_assert(control_expand(&control_input_shift, &plan, 0, &none, &b, 0, 1, &e), "%s", e.text);
    for (uint32_t a = 0; a < plan.attribution_count; a++)
        if (plan.attributions[a].study) study = plan.attributions[a].study;
    plan_finish(&plan);
    cr_assert_not_null(study);
    return study;
}

/* ||x - (x + s)|| / ||x|| of an input. */
static double expected(const float *x, double shift) {
    double squares = 0;
    for (uint32_t j = 0; j < COUNT; j++) squares += (double)x[j] * (double)x[j];
    return fabs(shift) * sqrt(COUNT) / sqrt(squares);
}

Test(control_input_shift, the_first_inputs_and_no_other) {
    const struct shape sample = {1, {COUNT}};
    float x[INPUTS * COUNT];
    double store[READINGS][INPUTS], *values[READINGS] = {store[SHIFT], store[DISTANCE]};
    uint32_t target[INPUTS] = {0};
    struct graph *g;
    struct weights *model;
    struct error e = {{0}};
    cr_assert(arch_build("fc:3", &sample, &g, &e) && weights_create(g, &model, &e), "%s", e.text);
    for (uint32_t k = 0; k < CLASSES * COUNT; k++)
        weights_edit(model, g->layers[0].parameters[0])[k] = (float)k / 7 - 1;
    for (uint32_t k = 0; k < INPUTS * COUNT; k++) x[k] = (float)(k * k % 17) / 17;
    x[TAKEN * COUNT] = 40; /* beyond: the shift does not know of it */
    for (uint32_t k = 0; k < READINGS * INPUTS; k++) store[k / INPUTS][k % INPUTS] = (double)NAN;
    const struct study_case c = {.study = the_study(g),
                                 .model = model,
                                 .sample = &sample,
                                 .classes = CLASSES,
                                 .inputs = INPUTS,
                                 .x = x,
                                 .target = target,
                                 .values = values,
                                 .host = {explain, forward, NULL}};
    cr_assert_eq(c.study->run(&c, &e), STUDY_DONE, "%s", e.text);
    cr_expect(store[SHIFT][0] < 0 && store[SHIFT][0] >= -1, "%g", store[SHIFT][0]);
    for (uint32_t i = 0; i < INPUTS; i++)
        if (i >= TAKEN) cr_expect(isnan(store[DISTANCE][i]), "input %u: %g", i, store[DISTANCE][i]);
        else cr_expect_float_eq(store[DISTANCE][i], expected(x + i * COUNT, store[SHIFT][0]), 1e-5, "input %u", i);
    weights_destroy(model);
    graph_destroy(g);
}
