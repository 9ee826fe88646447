/* The study mprt beside a plain calculation: which networks it asks for, which noise, and its numbers. */
#include "base/rng.h"
#include "controls/controls.h"
#include "measure/entropy.h"
#include "measure/similarity.h"
#include "nn/arch.h"
#include "plan/study.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 36u /* elements of a sample */
#define INPUTS_MOST 7u
#define COPIES 10u
#define STAGES 4u
#define DRAWS 2u
#define SEED 5u

enum { LAYERS, MPRT, SMOOTH, RISE, READINGS };

/* The explainer of the test, and what its maps come to by network: of the inputs, and means over the copies. */
struct lab {
    struct study_case c;
    uint32_t n, stages, asked; /* asked: networks so far */
    const uint32_t *layers;    /* [stages]: drawn anew at each */
    double squares;            /* of the noise, in units of the input's range */
    size_t noisy;
    float plain[1 + STAGES * DRAWS][INPUTS_MOST][COUNT], smooth[1 + STAGES * DRAWS][INPUTS_MOST][COUNT];
};

/* Magnitudes count, so signs are mixed; the square makes a mean of maps another thing than the map of a mean. */
static float map_at(const float *x, uint32_t network, size_t k) {
    double turn = sin((double)(k + 1) * (1 + .37 * network));
    return (float)(turn * (double)x[k] - .8 * (double)(x[k] * x[k]) + .1 * turn);
}

static void expect_network(const struct lab *l, const struct study_request *r) {
    uint32_t layers = l->c.model->graph->layer_count;
    const struct graph *g = l->c.model->graph;
    struct weights *due;
    struct error e = {{0}};
    cr_assert(weights_copy(l->c.model, &due, &e), "%s", e.text);
    if (l->asked > 0) {
        uint32_t draw = (l->asked - 1) / l->stages, stage = (l->asked - 1) % l->stages;
        const struct init_options init = {
            .scheme = &init_own, .sigma = .1, .seed = control_draw_seed(SEED), .draw = draw};
        cr_expect_eq(r->repeat, 1 + draw * STAGES + stage);
        for (uint32_t k = 0; k < l->layers[stage]; k++)
            cr_assert(weights_redraw(due, layers - 1 - k, &init, &e), "%s", e.text);
    } else cr_expect_eq(r->repeat, 0);
    for (uint32_t v = 0; v < g->value_count; v++)
        if (due->data[v])
            cr_expect_arr_eq(r->weights->data[v], due->data[v], shape_count(&g->values[v].shape) * sizeof(float),
                             "network %u: %s", l->asked, g->values[v].name);
    weights_destroy(due);
}

static void expect_copy(struct lab *l, const struct study_request *r, uint32_t i, uint32_t copy) {
    const float *x = l->c.x + i * COUNT, *got = r->x + (i * COPIES + copy) * COUNT;
    float low = x[0], high = x[0];
    cr_expect_eq(r->targets[i * COPIES + copy], l->c.target[i]);
    if (copy + 1 == COPIES || l->c.one_hot) {
        cr_expect_arr_eq(got, x, COUNT * sizeof *x, "copy %u of input %u", copy, i);
        return;
    }
    for (size_t k = 0; k < COUNT; k++) low = fminf(low, x[k]), high = fmaxf(high, x[k]);
    for (size_t k = 0; k < COUNT; k++) {
        double noise = (double)(got[k] - x[k]) / (double)(high - low);
        l->squares += noise * noise;
        l->noisy++;
    }
}

static enum study_outcome explain(void *user, const struct study_request *r, float *maps, struct error *e) {
    struct lab *l = user;
    (void)e;
    cr_assert_lt(l->asked, 1 + l->stages * DRAWS);
    cr_assert_eq(r->n, l->n * COPIES);
    cr_expect(r->own);
    expect_network(l, r);
    for (uint32_t i = 0; i < l->n; i++) {
        double sum[COUNT] = {0};
        for (uint32_t copy = 0; copy < COPIES; copy++) {
            const float *x = r->x + (i * COPIES + copy) * COUNT;
            float *map = maps + (i * COPIES + copy) * COUNT;
            expect_copy(l, r, i, copy);
            for (size_t k = 0; k < COUNT; k++) {
                map[k] = map_at(x, l->asked, k);
                sum[k] += (double)map[k];
                if (copy + 1 == COPIES) l->plain[l->asked][i][k] = fabsf(map[k]);
            }
        }
        for (size_t k = 0; k < COUNT; k++) l->smooth[l->asked][i][k] = fabsf((float)(sum[k] / COPIES));
    }
    l->asked++;
    return STUDY_DONE;
}

static void expect_numbers(const struct lab *l, double **values) {
    for (uint32_t stage = 0; stage < STAGES; stage++) {
        double mprt = 0, smooth = 0;
        if (stage >= l->stages) {
            for (int k = LAYERS; k <= SMOOTH; k++) cr_expect(isnan(values[k][stage]));
            continue;
        }
        for (uint32_t draw = 0; draw < DRAWS; draw++)
            for (uint32_t i = 0; i < l->n; i++) {
                uint32_t network = 1 + draw * l->stages + stage;
                mprt += spearman(l->plain[0][i], l->plain[network][i], COUNT);
                smooth += spearman(l->smooth[0][i], l->smooth[network][i], COUNT);
            }
        cr_expect_eq(values[LAYERS][stage], l->layers[stage]);
        cr_expect_float_eq(values[MPRT][stage], mprt / (DRAWS * l->n), 1e-12);
        if (l->c.one_hot) cr_expect(isnan(values[SMOOTH][stage]));
        else cr_expect_float_eq(values[SMOOTH][stage], smooth / (DRAWS * l->n), 1e-12);
    }
    for (uint32_t k = 0; k < 6 * DRAWS; k++) {
        uint32_t draw = k / 6, i = k % 6;
        if (i >= l->n) {
            cr_expect(isnan(values[RISE][k]));
            continue;
        }
        double before = entropy_of_histogram(l->plain[0][i], COUNT),
               after = entropy_of_histogram(l->plain[(draw + 1) * l->stages][i], COUNT);
        if (i == 1) cr_expect(before > 0 && before < 1, "%g", before);
        cr_expect_float_eq(values[RISE][k], after / before - 1, 1e-12);
    }
}

/* The control's study, as a plan has it. */
static const struct study *the_study(const struct graph *g) {
    const struct battery b = {.path = (char *)"b.yaml", .inputs = 8, .seed = SEED};
    const struct control_values none = {.value = {0}};
    const struct study *study = NULL;
    struct plan plan;
    struct error e = {{0}};
    plan_init(&plan, g);
    cr_assert(control_expand(&control_mprt, &plan, 0, &none, &b, 0, 2, &e), "%s", e.text);
    for (uint32_t a = 0; a < plan.attribution_count; a++)
        if (plan.attributions[a].study) study = plan.attributions[a].study;
    plan_finish(&plan);
    cr_assert_not_null(study);
    return study;
}

static void expect_study(const char *arch, uint32_t inputs, bool one_hot, uint32_t stages, const uint32_t *layers) {
    const struct shape sample = {3, {1, 6, 6}};
    struct graph *graph;
    struct weights *model;
    struct error e = {{0}};
    struct lab *l = calloc(1, sizeof *l);
    float x[INPUTS_MOST * COUNT];
    uint32_t targets[INPUTS_MOST];
    double *values[READINGS];
    struct rng rng = rng_stream(3, "tests/mprt", 0);
    cr_assert(l && arch_build(arch, &sample, &graph, &e) && weights_create(graph, &model, &e), "%s", e.text);
    for (size_t k = 0; k < INPUTS_MOST * COUNT; k++) x[k] = (float)(rng_uniform(&rng) * (double)(1 + k / COUNT));
    x[COUNT + 7] = 40; /* a map of little entropy */
    for (uint32_t i = 0; i < INPUTS_MOST; i++) targets[i] = (i * 2 + 1) % 3;
    const struct study *study = the_study(graph);
    cr_assert_eq(study->reading_count, READINGS);
    for (uint32_t r = 0; r < READINGS; r++) {
        values[r] = malloc(study->readings[r].count * sizeof(double));
        cr_assert_not_null(values[r]);
        for (uint32_t k = 0; k < study->readings[r].count; k++) values[r][k] = (double)NAN;
    }
    l->n = inputs < 6 ? inputs : 6;
    l->stages = stages;
    l->layers = layers;
    l->c = (struct study_case){study, model,   &sample, 3, false, one_hot, inputs,
                               x,     targets, SEED,    0, 0,     values,  {explain, NULL, l}};
    cr_expect_eq(study->run(&l->c, &e), STUDY_DONE, "%s", e.text);
    cr_expect_eq(l->asked, 1 + stages * DRAWS, "networks");
    cr_expect_leq(l->asked * l->n * COPIES, study->maps, "more maps than its time is for");
    if (inputs >= 6 && stages == STAGES)
        cr_expect_eq(l->asked * l->n * COPIES, study->maps, "the most that it asks for");
    if (!one_hot) cr_expect_float_eq(sqrt(l->squares / (double)l->noisy), .1, .01);
    expect_numbers(l, values);
    for (uint32_t r = 0; r < READINGS; r++) free(values[r]);
    weights_destroy(model);
    graph_destroy(graph);
    free(l);
}

Test(control_mprt, of_five_layers_four_stages) {
    expect_study("conv:2x3,relu,fc:8,relu,fc:7,relu,fc:6,relu,fc:3", 7, false, 4, (const uint32_t[]){1, 2, 4, 5});
}

Test(control_mprt, of_few_layers_each) {
    expect_study("fc:8,relu,fc:3", 3, false, 2, (const uint32_t[]){1, 2});
}

/* Letters take no noise, so that there is nothing smooth. */
Test(control_mprt, letters_as_they_are) {
    expect_study("fc:8,relu,fc:8,relu,fc:3", 6, true, 3, (const uint32_t[]){1, 2, 3});
}
