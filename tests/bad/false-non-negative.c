/* false-non-negative: signed gradient that claims to have no negative value. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    return status;
}

static const assay_explainer_info info = {
    .id = "false-non-negative",
    .name = "false-non-negative",
    .summary = "signed gradient that claims to have no negative value",
    .source = "tests/bad",
    .claims = ASSAY_NON_NEGATIVE,
};

ASSAY_PLUGIN(info, attribute);
