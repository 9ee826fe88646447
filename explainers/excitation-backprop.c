/* excitation-backprop: marginal winning probabilities from the target down to the input: each unit's probability goes
 * to its inputs by their excitatory part, positive input times positive weight, without bias. Where inputs may be
 * negative, a negative one by a negative weight excites, too. Zhang et al. 2016, arXiv:1608.00507. */
#include "propagation.h"

static assay_status choose(const assay_explainer *self, const assay_operator *op, assay_operator_rule *rule,
                           assay_why *why) {
    if (op->role != ASSAY_ROLE_LAYER) return propagation_between(self, op, rule, why);
    rule->rule = "excitation";
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return propagation_attribute(self, model, request, choose, ASSAY_START_ONE, maps, why);
}

static const assay_explainer_info info = {
    .id = "excitation-backprop",
    .name = "Excitation Backprop",
    .summary = "probability that an input wins, by excitatory weights from the target down",
    .source = "Zhang et al. 2016, section 3.2, arXiv:1608.00507",
    .claims = ASSAY_INPUT_MULTIPLIER,
};

static const assay_about about = {
    .id = "excitation-backprop",
    .family = "propagation",
    .formula = "sum over units of x w+ / sum(x w+) times the unit's probability",
    .cost = "1 forward, 4 forward and 2 backward of the layers",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "zennit 0.5.1 ExcitationBackprop",
    .within = 1e-4,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
