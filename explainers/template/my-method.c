/* @NAME@: an explanation method for assay. As it stands, it multiplies every input value by the derivative
 * of the target's logit (Input x Gradient, Shrikumar et al. 2016, arXiv:1605.01713): put your method there. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    /* n inputs at once: the gradient of logit targets[i] at input i, written to map i. */
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    if (status != ASSAY_OK) return status; /* the model has written the reason to `why` */
    size_t total = request->n * model->input.count;
    for (size_t k = 0; k < total; k++) maps[k] *= request->inputs[k];
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "@NAME@",
    .name = "@NAME@",
    .summary = "input times the gradient",
    .source = "where the method comes from: a paper and its section",
    /* assay holds the method to what it claims here: see enum assay_claim in explainer.h. */
    .claims = ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT,
};

ASSAY_PLUGIN(info, attribute); /* with parameters: KIT_PLUGIN of kit.h; several methods: your own assay_entry */
