/* shapley-sampling: Shapley values of features, by random orders in which they come in one after the other: the mean
 * rise of the logit that each brings. Every order adds up to f(x) - f(b). Strumbelj & Kononenko 2010, JMLR 11:1-18;
 * Castro et al. 2009, doi:10.1016/j.cor.2008.04.004. */
#include "explainer.h"
#include "kit.h"
#include "kit_features.h"

enum { SAMPLES, CUT, FEATURES, GROUPS, BASELINE, PARAMS };

/* A feature and the random number that says when it comes. */
struct turn {
    float number;
    uint32_t feature;
};

static int by_number(const void *a, const void *b) {
    const struct turn *x = (const struct turn *)a, *y = (const struct turn *)b;
    int order = (x->number > y->number) - (x->number < y->number);
    return order ? order : (x->feature > y->feature) - (x->feature < y->feature);
}

struct scratch {
    struct turn *turns; /* [features] */
    float *numbers;     /* [features] */
    bool *shown;        /* [features] */
    double *scores;     /* [features + 1]: of none, of the first, of the first two, ..., of all */
    double *values;     /* [features] */
};

static bool scratch_init(struct scratch *t, uint32_t features) {
    *t = (struct scratch){(struct turn *)calloc(features, sizeof *t->turns), kit_floats(1, features),
                          (bool *)calloc(features, sizeof *t->shown),
                          (double *)calloc((size_t)features + 1, sizeof *t->scores),
                          (double *)calloc(features, sizeof *t->values)};
    return t->turns && t->numbers && t->shown && t->scores && t->values;
}

static void scratch_finish(struct scratch *t) {
    free(t->turns);
    free(t->numbers);
    free(t->shown);
    free(t->scores);
    free(t->values);
}

/* The next order: features by their numbers of the stream from `first` on. */
static void draw_order(const assay_random *random, uint64_t seed, uint64_t first, uint32_t features,
                       struct scratch *t) {
    random->uniform(seed, first, features, t->numbers);
    for (uint32_t f = 0; f < features; f++) t->turns[f] = (struct turn){t->numbers[f], f};
    qsort(t->turns, features, sizeof *t->turns, by_number);
}

/* Adds what each feature brings in one order. The scores of none and of all are there. */
static assay_status add_order(kit_scorer *s, const kit_features *features, const float *x, float baseline,
                              struct scratch *t) {
    assay_status status = ASSAY_OK;
    memset(t->shown, 0, features->count * sizeof *t->shown);
    s->scores = t->scores + 1;
    for (uint32_t f = 0; f + 1 < features->count && status == ASSAY_OK; f++) {
        t->shown[t->turns[f].feature] = true;
        kit_features_show(features, t->shown, x, baseline, s->model->input.count, kit_scorer_point(s));
        status = kit_scorer_add(s);
    }
    if (status == ASSAY_OK) status = kit_scorer_flush(s);
    for (uint32_t f = 0; f < features->count; f++) t->values[t->turns[f].feature] += t->scores[f + 1] - t->scores[f];
    return status;
}

static assay_status explain_one(const assay_explainer *self, kit_scorer *s, const kit_features *features,
                                const float *x, uint64_t seed, float *map) {
    size_t count = s->model->input.count;
    uint32_t samples = (uint32_t)kit_number(self, SAMPLES);
    float baseline = (float)kit_number(self, BASELINE);
    double ends[2] = {0, 0};
    const assay_random *random = kit_extension(self, ASSAY_RANDOM, s->why);
    struct scratch t;
    if (!random) return ASSAY_FAILED;
    assay_status status =
        scratch_init(&t, features->count) ? ASSAY_OK : assay_say(s->why, ASSAY_FAILED, "out of memory");
    if (status == ASSAY_OK) {
        s->scores = ends;
        kit_features_show(features, t.shown, x, baseline, count, kit_scorer_point(s));
        status = kit_scorer_add(s);
    }
    if (status == ASSAY_OK) {
        memcpy(kit_scorer_point(s), x, count * sizeof *x);
        status = kit_scorer_add(s);
    }
    if (status == ASSAY_OK) status = kit_scorer_flush(s);
    for (uint32_t i = 0; i < samples && status == ASSAY_OK; i++) {
        t.scores[0] = ends[0];
        t.scores[features->count] = ends[1];
        draw_order(random, seed, (uint64_t)i * features->count, features->count, &t);
        status = add_order(s, features, x, baseline, &t);
    }
    for (uint32_t f = 0; f < features->count && status == ASSAY_OK; f++) t.values[f] /= samples;
    if (status == ASSAY_OK) kit_features_spread(features, t.values, count, map);
    scratch_finish(&t);
    return status;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_features_each(self, CUT, explain_one, model, request, maps, why);
}

static const assay_param_info params[PARAMS] = {
    [SAMPLES] =
        {.name = "samples", .summary = "random orders", .kind = ASSAY_INTEGER, .number = 25, .min = 1, .max = 100000},
    KIT_FEATURE_PARAMS(CUT),
};

/* Of single elements the map sums to f(x) - f(b), and an element that is the baseline already brings nothing. Of larger
 * features every element has the value of all. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    bool alone = kit_features_alone(given + CUT);
    return ASSAY_STOCHASTIC | (alone ? ASSAY_COMPLETE : 0u) |
           (alone && kit_features_from_zero(given + CUT) ? ASSAY_INPUT_MULTIPLIER : 0u);
}

static const assay_explainer_info info = {
    .id = "shapley-sampling",
    .name = "Shapley Value Sampling",
    .summary = "Shapley values of features, from random orders",
    .source = "Strumbelj & Kononenko 2010, algorithm 1, JMLR 11:1-18",
    .claims = ASSAY_STOCHASTIC,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "shapley-sampling",
    .family = "perturbation",
    .formula = "mean over orders of f(features up to j) - f(features before j), at every element of feature j",
    .cost = "2 + samples (number of features - 1) forward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 ShapleyValueSampling, in the same orders",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
