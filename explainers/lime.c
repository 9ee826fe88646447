/* lime: the linear model that fits the logit best on inputs of which random features are hidden; the fewer are hidden,
 * the more a sample weighs. Weights are exp(-D^2 / width^2), D the cosine distance of the shown features to all; the
 * fit is a ridge regression with an intercept. The input itself is the first sample, as in the authors' package.
 * Ribeiro et al. 2016, arXiv:1602.04938. */
#include "explainer.h"
#include "kit.h"
#include "kit_features.h"
#include "kit_solve.h"

enum { SAMPLES, WIDTH, RIDGE, CUT, FEATURES, GROUPS, BASELINE, PARAMS };

struct scratch {
    uint32_t features, rows;
    bool *shown;            /* [rows][1 + features]: the intercept's one first */
    double *scores, *a, *b; /* [rows]; [1 + features][1 + features]; [1 + features] */
    float *numbers;         /* [features] */
};

static bool scratch_init(struct scratch *t, uint32_t features, uint32_t rows) {
    size_t n = (size_t)features + 1;
    *t = (struct scratch){.features = features, .rows = rows};
    t->shown = (bool *)calloc(rows, n * sizeof *t->shown);
    t->scores = (double *)calloc(rows, sizeof *t->scores);
    t->a = (double *)calloc(n + 1, n * sizeof *t->a);
    t->b = t->a ? t->a + n * n : NULL;
    t->numbers = kit_floats(1, features);
    return t->shown && t->scores && t->a && t->numbers;
}

static void scratch_finish(struct scratch *t) {
    free(t->shown);
    free(t->scores);
    free(t->a);
    free(t->numbers);
}

/* Each feature by a coin of its own; row 0 shows all. */
static void draw_rows(const assay_random *random, uint64_t seed, struct scratch *t) {
    size_t n = (size_t)t->features + 1;
    for (uint32_t row = 0; row < t->rows; row++) {
        bool *shown = t->shown + row * n;
        random->uniform(seed, (uint64_t)row * t->features, t->features, t->numbers);
        for (uint32_t f = 0; f < t->features; f++) shown[1 + f] = row == 0 || t->numbers[f] >= .5f;
        shown[0] = true;
    }
}

/* Section 3.4: D = 1 - cos(z, 1) = 1 - sqrt(shown / features). */
static double weight_of(const bool *shown, uint32_t features, double width) {
    uint32_t count = 0;
    for (uint32_t f = 0; f < features; f++) count += shown[f];
    double distance = 1 - sqrt((double)count / features);
    return exp(-distance * distance / (width * width));
}

/* Coefficients into b[1 + features]. The intercept has no ridge but what keeps the fit solvable. */
static bool solve(struct scratch *t, double width, double ridge) {
    size_t n = (size_t)t->features + 1;
    double total = 0;
    for (uint32_t row = 0; row < t->rows; row++) {
        double weight = weight_of(t->shown + row * n + 1, t->features, width);
        kit_add_row(t->shown + row * n, n, weight, t->scores[row], t->a, t->b);
        total += weight;
    }
    for (size_t i = 0; i < n; i++) t->a[i * n + i] += 1e-9 * total + (i > 0 ? ridge : 0);
    if (!kit_decompose(t->a, n)) return false;
    kit_back_solve(t->a, n, t->b);
    return true;
}

static assay_status explain_one(const assay_explainer *self, kit_scorer *s, const kit_features *features,
                                const float *x, uint64_t seed, float *map) {
    size_t count = s->model->input.count, n = (size_t)features->count + 1;
    float baseline = (float)kit_number(self, BASELINE);
    const assay_random *random = kit_extension(self, ASSAY_RANDOM, s->why);
    struct scratch t;
    if (!random) return ASSAY_FAILED;
    if (kit_check_features(features->count, s->why) != ASSAY_OK) return ASSAY_UNSUPPORTED;
    bool ready = scratch_init(&t, features->count, (uint32_t)kit_number(self, SAMPLES));
    assay_status status = ready ? ASSAY_OK : assay_say(s->why, ASSAY_FAILED, "out of memory");
    if (ready) draw_rows(random, seed, &t);
    s->scores = t.scores;
    for (uint32_t row = 0; row < t.rows && status == ASSAY_OK; row++) {
        kit_features_show(features, t.shown + row * n + 1, x, baseline, count, kit_scorer_point(s));
        status = kit_scorer_add(s);
    }
    if (status == ASSAY_OK) status = kit_scorer_flush(s);
    if (status == ASSAY_OK && !solve(&t, kit_number(self, WIDTH), kit_number(self, RIDGE)))
        status = assay_say(s->why, ASSAY_FAILED, "the fit to %u samples has no solution: more samples or ridge= wanted",
                           t.rows);
    if (status == ASSAY_OK) kit_features_spread(features, t.b + 1, count, map);
    scratch_finish(&t);
    return status;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_features_each(self, CUT, explain_one, model, request, maps, why);
}

static const assay_param_info params[PARAMS] = {
    [SAMPLES] = {.name = "samples",
                 .summary = "inputs with hidden features",
                 .kind = ASSAY_INTEGER,
                 .number = 512,
                 .min = 2,
                 .max = 1000000},
    [WIDTH] = {.name = "width",
               .summary = "of the kernel, in cosine distance",
               .kind = ASSAY_NUMBER,
               .number = .25,
               .min = 1e-3,
               .max = 1e6},
    [RIDGE] = {.name = "ridge",
               .summary = "penalty of squared coefficients",
               .kind = ASSAY_NUMBER,
               .number = 1,
               .min = 0,
               .max = 1e9},
    KIT_FEATURE_PARAMS(CUT),
};

static const assay_explainer_info info = {
    .id = "lime",
    .name = "LIME",
    .summary = "coefficients of a linear fit to the logit of inputs with hidden features",
    .source = "Ribeiro et al. 2016, sections 3.3 and 3.4, arXiv:1602.04938",
    .claims = ASSAY_STOCHASTIC,
    .param_count = PARAMS,
    .params = params,
};

static const assay_about about = {
    .id = "lime",
    .family = "perturbation",
    .formula = "ridge regression of f(x with z shown) on z, weighted by exp(-D^2 / width^2)",
    .cost = "samples forward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 LimeBase with a ridge, on the same samples",
    .within = 1e-4,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
