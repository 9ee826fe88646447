/* false-stochastic: gradient that claims to depend on the seed. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    return status;
}

static const assay_explainer_info info = {
    .id = "false-stochastic",
    .name = "false-stochastic",
    .summary = "gradient that claims to depend on the seed",
    .source = "tests/bad",
    .claims = ASSAY_STOCHASTIC,
};

ASSAY_PLUGIN(info, attribute);
