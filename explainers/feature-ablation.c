/* feature-ablation: how far the logit falls when a feature is set to the baseline. A feature is a cell of a grid, an
 * element, a superpixel or a group that is written down; every element of it gets the same value. Kokhlikyan et al.
 * 2020, arXiv:2009.07896. */
#include "explainer.h"
#include "kit.h"
#include "kit_features.h"

enum { CUT, FEATURES, GROUPS, BASELINE, PARAMS };

/* scores[1 + features]: of x, then of x without each feature. */
static assay_status explain_one(const assay_explainer *self, kit_scorer *s, const kit_features *features,
                                const float *x, uint64_t seed, float *map) {
    (void)seed;
    size_t count = s->model->input.count;
    float baseline = (float)kit_number(self, BASELINE);
    double *scores = (double *)calloc((size_t)features->count + 1, sizeof *scores);
    if (!scores) return assay_say(s->why, ASSAY_FAILED, "out of memory");
    s->scores = scores;
    memcpy(kit_scorer_point(s), x, count * sizeof *x);
    assay_status status = kit_scorer_add(s);
    for (uint32_t f = 0; f < features->count && status == ASSAY_OK; f++) {
        float *point = kit_scorer_point(s);
        for (size_t k = 0; k < count; k++) point[k] = features->of[k] == f ? baseline : x[k];
        status = kit_scorer_add(s);
    }
    if (status == ASSAY_OK) status = kit_scorer_flush(s);
    for (uint32_t f = features->count; f > 0; f--) scores[f] = scores[0] - scores[f];
    if (status == ASSAY_OK) kit_features_spread(features, scores + 1, count, map);
    free(scores);
    return status;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_features_each(self, CUT, explain_one, model, request, maps, why);
}

static const assay_param_info params[PARAMS] = {
    KIT_FEATURE_PARAMS(CUT),
};

/* An element that is the baseline already changes nothing. On a linear model the map of single elements is w (x - b),
 * but as a difference of two logits, whose last digits are lost: LINEAR_EXACT is more than that. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    bool alone = kit_features_alone(given + CUT);
    return alone && kit_features_from_zero(given + CUT) ? ASSAY_INPUT_MULTIPLIER : 0u;
}

static const assay_explainer_info info = {
    .id = "feature-ablation",
    .name = "Feature Ablation",
    .summary = "fall of the logit when a feature is set to the baseline",
    .source = "Kokhlikyan et al. 2020, arXiv:2009.07896 (captum)",
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "feature-ablation",
    .family = "perturbation",
    .formula = "f(x) - f(x with feature j at b), at every element of feature j",
    .cost = "1 + number of features forward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 FeatureAblation",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
