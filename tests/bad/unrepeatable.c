/* unrepeatable: adds the number of calls so far. */
#include "explainer.h"

static unsigned calls;

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    calls++;
    for (size_t k = 0; k < request->n * model->input.count; k++) maps[k] += (float)calls;
    return status;
}

static const assay_explainer_info info = {
    .id = "unrepeatable",
    .name = "unrepeatable",
    .summary = "adds the number of calls so far",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
