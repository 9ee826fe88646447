/* false-complete: gradient that claims to sum to the change of the logit. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    return status;
}

static const assay_explainer_info info = {
    .id = "false-complete",
    .name = "false-complete",
    .summary = "gradient that claims to sum to the change of the logit",
    .source = "tests/bad",
    .claims = ASSAY_COMPLETE,
};

ASSAY_PLUGIN(info, attribute);
