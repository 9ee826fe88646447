/* attention-x-gradient: relevance of tokens by attention times its gradient, the positive part averaged over heads,
 * added up from block to block. Chefer et al. 2021, section 3.1, equations 5 and 6 for self-attention,
 * arXiv:2103.15679. */
#include "explainer.h"
#include "kit.h"
#include "kit_attention.h"

/* before = after (I + A), A the mean over heads of the positive part of weights times gradient. */
static void add_up(size_t heads, size_t tokens, const float *weights, const float *gradient, const double *after,
                   double *before) {
    for (size_t t = 0; t < tokens; t++) before[t] = after[t];
    for (size_t h = 0; h < heads; h++)
        for (size_t q = 0; q < tokens; q++)
            for (size_t t = 0; t < tokens; t++) {
                size_t k = (h * tokens + q) * tokens + t;
                before[t] += after[q] * fmax((double)weights[k] * (double)gradient[k], 0) / (double)heads;
            }
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return kit_attentions_each(model, request, kit_text(self, 0), true, add_up, maps, why);
}

static const assay_param_info params[] = {KIT_READOUT_PARAM};

static const assay_explainer_info info = {
    .id = "attention-x-gradient",
    .name = "Attention x Gradient",
    .summary = "attention times its gradient, positive part, added up over blocks",
    .source = "Chefer et al. 2021, section 3.1, arXiv:2103.15679",
    .claims = ASSAY_NON_NEGATIVE,
    .param_count = 1,
    .params = params,
};

static const assay_about about = {
    .id = "attention-x-gradient",
    .family = "attention",
    .formula = "row of the read token of the product over blocks of I + mean over heads of (A df/dA)+",
    .cost = "number of blocks gradients",
    .inputs = ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "its formula in torch, on two vision transformers",
    .within = 1e-4,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
