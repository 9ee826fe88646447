/* deeplift: contributions to the difference of the logit from that of a baseline, by the rescale rule: layers pass by
 * their weights, every activation by the slope between baseline and input, a maximum to the places that held it.
 * Products of two values, Softmax and normalisations are taken for the products and activations that they consist of,
 * as in shap. They add up to that difference. Shrikumar et al. 2017, arXiv:1704.02685. */
#include "propagation.h"

enum { BASELINE, FORM, PARAMS };

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    propagation_rules rules;
    size_t count = model->input.count;
    float baseline = (float)kit_number(self, BASELINE), *reference = kit_floats(PROPAGATION_BLOCK, count);
    bool multiplied = strcmp(kit_text(self, FORM), "multiplied") == 0;
    assay_status status = propagation_open(self, model, propagation_rescale, &rules, why);
    if (status == ASSAY_OK && !reference) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (size_t k = 0; reference && k < PROPAGATION_BLOCK * count; k++) reference[k] = baseline;
    for (kit_block b = {0, 0}; status == ASSAY_OK && kit_next(&b, request->n, PROPAGATION_BLOCK);) {
        const float *x = request->inputs + b.first * count;
        float *map = maps + b.first * count;
        status = rules.host->propagate(model, rules.rules, ASSAY_START_ONE, b.n, x, reference,
                                       request->targets + b.first, map, why);
        for (size_t k = 0; k < b.n * count && multiplied && status == ASSAY_OK; k++) map[k] *= x[k] - baseline;
    }
    free(rules.rules);
    free(reference);
    return status;
}

static const char *const forms[] = {"multiplied", "multipliers", NULL};
static const assay_param_info params[PARAMS] = {
    [BASELINE] = {.name = "baseline",
                  .summary = "value of every input element of the reference",
                  .kind = ASSAY_NUMBER,
                  .number = 0,
                  .min = -1e6,
                  .max = 1e6},
    [FORM] = {.name = "form",
              .summary = "contributions, which are multipliers times (input - baseline), or the multipliers alone",
              .kind = ASSAY_CHOICE,
              .text = "multiplied",
              .choices = forms},
};

/* A multiplier of w is w; with the factor it is w * x when the reference is zero. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    if (strcmp(given[FORM].text, "multipliers") == 0) return ASSAY_LINEAR_EXACT;
    bool from_zero = !(given[BASELINE].number < 0 || given[BASELINE].number > 0);
    return ASSAY_COMPLETE | (from_zero ? ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT : 0u);
}

static const assay_explainer_info info = {
    .id = "deeplift",
    .name = "DeepLIFT",
    .summary = "contributions to the difference from a baseline, by the rescale rule",
    .source = "Shrikumar et al. 2017, section 3.5.1, arXiv:1704.02685",
    .claims = ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "deeplift",
    .family = "propagation",
    .formula = "(x - b) m, with m = (y(x) - y(b)) / (x - b) of every activation and the weights between",
    .cost = "2 forward, 1 backward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 DeepLift; attention and normalisations: products and activations in PyTorch",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
