/* kernel-shap: Shapley values of features as the linear model that fits coalitions of them best under the Shapley
 * kernel, with its sum held at f(x) - f(b). Coalitions are drawn in pairs, each with its complement, by the kernel; or
 * all are taken, and the values are exact. Lundberg & Lee 2017, theorem 2, arXiv:1705.07874; the constrained solution
 * is equation 7 of Covert & Lee 2021, arXiv:2012.01536. */
#include "explainer.h"
#include "kit.h"
#include "kit_features.h"
#include "kit_solve.h"

enum { SAMPLES, COALITIONS, CUT, FEATURES, GROUPS, BASELINE, PARAMS };

#define MOST_FOR_ALL 16u /* features whose coalitions can all be taken */

struct scratch {
    uint32_t features, rows;
    bool *shown;     /* [rows][features]; then none and all */
    double *weights; /* [rows] */
    double *scores;  /* [rows + 2] */
    double *a, *b, *ones;
    float *numbers;
};

static bool scratch_init(struct scratch *t, uint32_t features, uint32_t rows) {
    size_t n = features;
    *t = (struct scratch){.features = features, .rows = rows};
    t->shown = (bool *)calloc(rows + (size_t)2, n * sizeof *t->shown);
    t->scores = (double *)calloc(2 * (size_t)rows + 2, sizeof *t->scores);
    t->a = (double *)calloc(n + 2, n * sizeof *t->a);
    t->numbers = kit_floats(1, n + 1);
    if (!t->shown || !t->scores || !t->a || !t->numbers) return false;
    t->weights = t->scores + rows + 2;
    t->b = t->a + n * n;
    t->ones = t->b + n;
    memset(t->shown + (rows + (size_t)1) * n, 1, n);
    return true;
}

static void scratch_finish(struct scratch *t) {
    free(t->shown);
    free(t->scores);
    free(t->a);
    free(t->numbers);
}

/* Row `row` and its complement: the size by the kernel, of which (n - 1) / (size (n - size)) is left once all
 * coalitions of one size are counted; then the features with the largest numbers. Sampled rows weigh alike. */
static void draw_pair(const assay_random *random, uint64_t seed, uint32_t row, struct scratch *t) {
    uint32_t n = t->features, size = 1;
    double total = 0, at;
    bool *shown = t->shown + (size_t)row * n;
    random->uniform(seed, (uint64_t)row / 2 * (n + 1), n + (size_t)1, t->numbers);
    for (uint32_t s = 1; s < n; s++) total += 1.0 / ((double)s * (n - s));
    at = (double)t->numbers[n] * total;
    for (; size + 1 < n; size++) {
        at -= 1.0 / ((double)size * (n - size));
        if (at < 0) break;
    }
    for (uint32_t f = 0; f < n; f++) {
        uint32_t above = 0;
        for (uint32_t g = 0; g < n; g++)
            above += t->numbers[g] > t->numbers[f] || (g < f && !(t->numbers[g] < t->numbers[f]));
        shown[f] = above < size;
    }
    t->weights[row] = 1;
    if (row + 1 == t->rows) return;
    for (uint32_t f = 0; f < n; f++) shown[n + f] = !shown[f];
    t->weights[row + 1] = 1;
}

/* Row `row` of all: the bits of row + 1 say what is shown, which is neither nothing nor all. The kernel's weight. */
static void take_coalition(uint32_t row, struct scratch *t) {
    uint32_t n = t->features, size = 0;
    double choices = 1;
    for (uint32_t f = 0; f < n; f++) {
        bool shown = (row + 1) >> f & 1u;
        t->shown[(size_t)row * n + f] = shown;
        size += shown;
    }
    for (uint32_t k = 1; k <= size; k++) choices *= (double)(n - size + k) / k;
    t->weights[row] = (n - 1.0) / (choices * size * (n - size));
}

static assay_status score_rows(kit_scorer *s, const kit_features *features, const float *x, float baseline,
                               struct scratch *t) {
    assay_status status = ASSAY_OK;
    s->scores = t->scores;
    for (uint32_t row = 0; row < t->rows + 2 && status == ASSAY_OK; row++) {
        kit_features_show(features, t->shown + (size_t)row * t->features, x, baseline, s->model->input.count,
                          kit_scorer_point(s));
        status = kit_scorer_add(s);
    }
    return status == ASSAY_OK ? kit_scorer_flush(s) : status;
}

/* b becomes A^-1 (b - 1 (1' A^-1 b - due) / (1' A^-1 1)): the best fit among those that sum to what is due. The ridge
 * only matters where there are fewer rows than features. */
static bool solve(struct scratch *t) {
    size_t n = t->features;
    double none = t->scores[t->rows], due = t->scores[t->rows + 1] - none, total = 0, sum = 0, share = 0;
    for (uint32_t row = 0; row < t->rows; row++) total += t->weights[row];
    for (uint32_t row = 0; row < t->rows; row++)
        kit_add_row(t->shown + row * n, n, t->weights[row] / total, t->scores[row] - none, t->a, t->b);
    for (size_t i = 0; i < n; i++) {
        t->a[i * n + i] += 1e-9;
        t->ones[i] = 1;
    }
    if (!kit_decompose(t->a, n)) return false;
    kit_back_solve(t->a, n, t->b);
    kit_back_solve(t->a, n, t->ones);
    for (size_t i = 0; i < n; i++) {
        sum += t->b[i];
        share += t->ones[i];
    }
    for (size_t i = 0; i < n; i++) t->b[i] -= t->ones[i] * (sum - due) / share;
    return true;
}

static assay_status explain_one(const assay_explainer *self, kit_scorer *s, const kit_features *features,
                                const float *x, uint64_t seed, float *map) {
    const assay_random *random = kit_extension(self, ASSAY_RANDOM, s->why);
    if (!random) return ASSAY_FAILED;
    if (kit_check_features(features->count, s->why) != ASSAY_OK) return ASSAY_UNSUPPORTED;
    bool all = strcmp(kit_text(self, COALITIONS), "all") == 0;
    uint32_t n = features->count, rows = (uint32_t)kit_number(self, SAMPLES);
    if (all && n > MOST_FOR_ALL)
        return assay_say(s->why, ASSAY_UNSUPPORTED,
                         "coalitions=all: the input has %u features, which make 2^%u coalitions: at most %u features "
                         "wanted, as by features=",
                         n, n, MOST_FOR_ALL);
    if (all) rows = (1u << n) - 2;
    if (n == 1) rows = 0; /* nothing but none and all */
    struct scratch t;
    assay_status status = scratch_init(&t, n, rows) ? ASSAY_OK : assay_say(s->why, ASSAY_FAILED, "out of memory");
    for (uint32_t row = 0; row < rows && status == ASSAY_OK; row += all ? 1 : 2)
        if (all) take_coalition(row, &t);
        else draw_pair(random, seed, row, &t);
    if (status == ASSAY_OK) status = score_rows(s, features, x, (float)kit_number(self, BASELINE), &t);
    if (status == ASSAY_OK && n == 1) t.b[0] = t.scores[1] - t.scores[0];
    else if (status == ASSAY_OK && !solve(&t))
        status = assay_say(s->why, ASSAY_FAILED, "the fit of %u coalitions to %u features has no solution", rows, n);
    if (status == ASSAY_OK) kit_features_spread(features, t.b, s->model->input.count, map);
    scratch_finish(&t);
    return status;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_features_each(self, CUT, explain_one, model, request, maps, why);
}

static const char *const coalitions[] = {"sampled", "all", NULL};
static const assay_param_info params[PARAMS] = {
    [SAMPLES] = {.name = "samples",
                 .summary = "coalitions that are drawn",
                 .kind = ASSAY_INTEGER,
                 .number = 512,
                 .min = 2,
                 .max = 1000000},
    [COALITIONS] = {.name = "coalitions",
                    .summary = "drawn by the kernel, or all, which gives exact values of up to 16 features",
                    .kind = ASSAY_CHOICE,
                    .text = "sampled",
                    .choices = coalitions},
    KIT_FEATURE_PARAMS(CUT),
};

/* The sum of the features' values is f(x) - f(b); that of the map only where a feature is an element. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    bool alone = kit_features_alone(given + CUT);
    bool drawn = strcmp(given[COALITIONS].text, "sampled") == 0;
    return (drawn ? ASSAY_STOCHASTIC : 0u) | (alone ? ASSAY_COMPLETE : 0u);
}

static const assay_explainer_info info = {
    .id = "kernel-shap",
    .name = "Kernel SHAP",
    .summary = "Shapley values of features, by a linear fit to coalitions of them",
    .source = "Lundberg & Lee 2017, section 4.1, arXiv:1705.07874",
    .claims = ASSAY_STOCHASTIC,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "kernel-shap",
    .family = "perturbation",
    .formula = "least squares of f(x with z shown) on z under the Shapley kernel, with sum f(x) - f(b)",
    .cost = "2 + samples forward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 KernelShap's fit to the same coalitions, ShapleyValues",
    .within = 1e-4,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
