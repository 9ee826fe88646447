/* The study other-classes: which inputs are explained as which class, and what is said of a map that follows the
 * weights of another class. */
#include "controls/controls.h"
#include "nn/arch.h"
#include "plan/study.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 7u
#define TAKEN 3u /* of each class */
#define ASKED 4u /* classes */
#define CLASSES 5u
#define COUNT 4u

enum { DISTANCE, TARGET, FOLLOWED, FOLLOWS, SOFTMAX, LOG_SOFTMAX, READINGS };

struct lab {
    const float *x;
    const uint32_t *target;
    uint32_t asked, other; /* requests of several inputs so far; the map is of class t + other */
    double values[READINGS][ASKED];
};

static const float *rows_of(const struct weights *w) {
    return w->data[w->graph->layers[0].parameters[0]];
}

/* x w + b, as arch_build("fc:5") has it. */
static bool forward(void *user, const struct weights *w, uint32_t n, const float *x, float *logits, struct error *e) {
    const float *rows = rows_of(w), *bias = w->data[w->graph->layers[0].parameters[1]];
    (void)user, (void)e;
    for (uint32_t k = 0; k < n * CLASSES; k++) {
        logits[k] = bias[k % CLASSES];
        for (uint32_t j = 0; j < COUNT; j++) logits[k] += rows[k % CLASSES * COUNT + j] * x[k / CLASSES * COUNT + j];
    }
    return true;
}

/* The class's own input first, then two by their number: those of place p begin at TAKEN p. */
static void expect_inputs(const struct lab *l, const struct study_request *r) {
    uint32_t place = l->asked / 2, own = INPUTS;
    for (uint32_t i = 0; i < INPUTS && own == INPUTS; i++)
        if (l->target[i] == r->targets[0]) own = i;
    for (uint32_t k = 0; k < TAKEN; k++) {
        uint32_t at = k || own == INPUTS ? (place * TAKEN + k) % INPUTS : own;
        bool same = memcmp(r->x + k * COUNT, l->x + at * COUNT, COUNT * sizeof *r->x) == 0;
        if (k == 0 && own < INPUTS) same = l->target[at] == r->targets[0];
        cr_expect(same, "class %u, input %u of it is not %u", r->targets[0], k, at);
        cr_expect_eq(r->targets[k], r->targets[0]);
    }
}

/* Row t + other of the last layer's weights. */
static enum study_outcome explain(void *user, const struct study_request *r, float *maps, struct error *e) {
    struct lab *l = user;
    (void)e;
    cr_expect(r->n <= TAKEN && r->own);
    if (r->n == TAKEN) {
        expect_inputs(l, r);
        l->asked++;
    }
    for (uint32_t k = 0; k < r->n; k++)
        memcpy(maps + k * COUNT, rows_of(r->weights) + (r->targets[k] + l->other) % CLASSES * COUNT,
               COUNT * sizeof *maps);
    return STUDY_DONE;
}

static const struct study *the_study(const struct graph *g) {
    const struct battery b = {.path = (char *)"b.yaml", .inputs = INPUTS};
    const struct control_values none = {.value = {0}};
    struct plan plan;
    struct error e = {{0}};
    const struct study *study = NULL;
    plan_init(&plan, g);
    cr_assert(control_expand(&control_other_classes, &plan, 0, &none, &b, 0, 1, &e), "%s", e.text);
    for (uint32_t a = 0; a < plan.attribution_count; a++)
        if (plan.attributions[a].study) study = plan.attributions[a].study;
    plan_finish(&plan);
    cr_assert_not_null(study);
    return study;
}

/* The map of t (other = 0) stays to the last bit; one of t + other changes with that class alone. */
static void expect_readings(const struct lab *l, uint64_t seed) {
    uint32_t worst = 0;
    for (uint32_t k = 0; k < ASKED; k++) {
        double d = l->values[DISTANCE][k];
        cr_expect(l->other ? d > 1e-3 : d >= 0 && d <= 0, "seed %u, place %u: %g", (unsigned)seed, k, d);
        cr_expect(l->values[TARGET][k] < CLASSES);
        for (uint32_t j = 0; j < k; j++) cr_expect_neq(l->values[TARGET][k], l->values[TARGET][j]);
        if (d > l->values[DISTANCE][worst]) worst = k;
    }
    if (l->other) {
        cr_expect_eq(l->values[FOLLOWED][0], 1);
        cr_expect_eq(l->values[FOLLOWS][0], ((uint32_t)l->values[TARGET][worst] + l->other) % CLASSES);
    } else {
        cr_expect(isnan(l->values[FOLLOWED][0]) && isnan(l->values[FOLLOWS][0]), "nothing is to be named");
    }
}

Test(control_other_classes, own_rows_and_those_of_others) {
    static const uint32_t target[INPUTS] = {3, 1, 3, 0, 1, 1, 3}; /* none of classes 2 and 4 */
    const struct shape sample = {1, {COUNT}};
    float x[INPUTS * COUNT];
    struct graph *g;
    struct weights *model;
    struct error e = {{0}};
    cr_assert(arch_build("fc:5", &sample, &g, &e) && weights_create(g, &model, &e), "%s", e.text);
    for (uint32_t k = 0; k < CLASSES * COUNT; k++)
        weights_edit(model, g->layers[0].parameters[0])[k] = (float)(k * k % 13) / 13 - .4f;
    for (uint32_t k = 0; k < INPUTS * COUNT; k++) x[k] = (float)(k + 1);
    for (uint32_t other = 0; other < 3; other++)
        for (uint64_t seed = 0; seed < 10; seed++) {
            struct lab l = {.x = x, .target = target, .other = other};
            double *values[READINGS];
            for (int r = 0; r < READINGS; r++) values[r] = l.values[r];
            for (uint32_t k = 0; k < READINGS * ASKED; k++) l.values[k / ASKED][k % ASKED] = (double)NAN;
            const struct study_case c = {.study = the_study(g),
                                         .model = model,
                                         .sample = &sample,
                                         .classes = CLASSES,
                                         .inputs = INPUTS,
                                         .x = x,
                                         .target = target,
                                         .seed = seed,
                                         .values = values,
                                         .host = {explain, forward, &l}};
            cr_assert_eq(c.study->run(&c, &e), STUDY_DONE, "%s", e.text);
            cr_expect_eq(l.asked, 2 * ASKED);
            expect_readings(&l, seed);
        }
    weights_destroy(model);
    graph_destroy(g);
}
