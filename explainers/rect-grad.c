/* rect-grad: the gradient times the input, but a rectifier lets a signal through only where it, times the unit's
 * activation, is above a percentile of that in its layer. As in the authors' program, without their padding trick and
 * proportional redistribution, which are options there. Kim et al. 2019, arXiv:1902.04893. */
#include "propagation.h"

enum { PERCENTILE, MULTIPLY, PARAMS };

static assay_status choose(const assay_explainer *self, const assay_operator *op, assay_operator_rule *rule,
                           assay_why *why) {
    (void)why;
    if (op->role != ASSAY_ROLE_RECTIFIER) return ASSAY_OK;
    rule->rule = "rectify";
    rule->a = kit_number(self, PERCENTILE);
    return ASSAY_OK;
}

static bool has_rectifier(const assay_model *model) {
    const assay_propagation *host = model->extension(model, ASSAY_PROPAGATION);
    assay_operator op;
    for (uint32_t i = 0; host && i < host->count(model); i++)
        if (host->get(model, i, &op) && op.role == ASSAY_ROLE_RECTIFIER) return true;
    return !host; /* what it lacks is said elsewhere */
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    if (!has_rectifier(model))
        return assay_say(why, ASSAY_UNSUPPORTED,
                         "The network has no rectifier (ReLU or its kin), which RectGrad sets a threshold to.");
    assay_status status = propagation_attribute(self, model, request, choose, ASSAY_START_ONE, maps, why);
    size_t total = request->n * model->input.count;
    for (size_t k = 0; k < total && kit_number(self, MULTIPLY) > 0 && status == ASSAY_OK; k++)
        maps[k] *= request->inputs[k];
    return status;
}

static const assay_param_info params[PARAMS] = {
    [PERCENTILE] = {.name = "percentile",
                    .summary = "of activation times signal in a layer: what is not above it is stopped",
                    .kind = ASSAY_NUMBER,
                    .number = 98,
                    .min = 0,
                    .max = 100},
    [MULTIPLY] = {.name = "multiply",
                  .summary = "1: times the input; 0: the gradient alone",
                  .kind = ASSAY_INTEGER,
                  .number = 1,
                  .min = 0,
                  .max = 1},
};

static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    return given[MULTIPLY].number > 0 ? ASSAY_INPUT_MULTIPLIER : 0u;
}

static const assay_explainer_info info = {
    .id = "rect-grad",
    .name = "RectGrad",
    .summary = "input times the gradient that passes a rectifier only where it times the activation is large",
    .source = "Kim et al. 2019, section 3.2, arXiv:1902.04893",
    .claims = ASSAY_INPUT_MULTIPLIER,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "rect-grad",
    .family = "backward rule",
    .formula = "x df/dx, where a ReLU passes back r if a r is above the percentile of its layer",
    .cost = "1 gradient",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "the paper's equation in PyTorch",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
