/* attention-rollout: the attention of all blocks multiplied up, each averaged over its heads and with one half of the
 * identity for the way around it. The map is what the token that is read in the end got of each patch or position.
 * Abnar & Zuidema 2020, arXiv:2005.00928. */
#include "explainer.h"
#include "kit.h"
#include "kit_attention.h"

/* before = after (A + I) / 2, A the mean over heads. */
static void roll(size_t heads, size_t tokens, const float *weights, const float *gradient, const double *after,
                 double *before) {
    (void)gradient;
    for (size_t t = 0; t < tokens; t++) before[t] = .5 * after[t];
    for (size_t h = 0; h < heads; h++)
        for (size_t q = 0; q < tokens; q++)
            for (size_t t = 0; t < tokens; t++)
                before[t] += .5 * after[q] * (double)weights[(h * tokens + q) * tokens + t] / (double)heads;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_attentions_each(model, request, kit_text(self, 0), false, roll, maps, why);
}

static const assay_param_info params[] = {KIT_READOUT_PARAM};

static const assay_explainer_info info = {
    .id = "attention-rollout",
    .name = "Attention Rollout",
    .summary = "attention of all blocks multiplied up, of the token that is read in the end",
    .source = "Abnar & Zuidema 2020, section 3, arXiv:2005.00928",
    .claims = ASSAY_CLASS_BLIND | ASSAY_NON_NEGATIVE,
    .param_count = 1,
    .params = params,
};

static const assay_about about = {
    .id = "attention-rollout",
    .family = "attention",
    .formula = "row of the read token of the product over blocks of (I + mean over heads of A) / 2",
    .cost = "number of blocks forward",
    .inputs = ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "its formula in torch, on two vision transformers",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
