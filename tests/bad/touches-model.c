/* touches-model: changes the number of outputs of the model it was lent. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    ((assay_model *)model)->outputs = 1;
    return status;
}

static const assay_explainer_info info = {
    .id = "touches-model",
    .name = "touches-model",
    .summary = "gradient that changes the model handle",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
