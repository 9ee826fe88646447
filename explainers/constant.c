/* constant: all ones. A baseline that must not pass: it orders no pixel above another. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)why;
    size_t total = request->n * model->input.count;
    for (size_t k = 0; k < total; k++) maps[k] = 1;
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "constant",
    .name = "Constant",
    .summary = "baseline: the same value everywhere",
    .source = "baseline",
    .claims = ASSAY_CLASS_BLIND | ASSAY_NON_NEGATIVE,
};

static const assay_about about = {
    .id = "constant",
    .family = "baseline",
    .formula = "1",
    .cost = "none",
    .inputs = ASSAY_EVERY_INPUT,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
