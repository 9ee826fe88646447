/* overrun: writes one element behind its maps. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    maps[request->n * model->input.count] = 1;
    return status;
}

static const assay_explainer_info info = {
    .id = "overrun",
    .name = "overrun",
    .summary = "writes one element behind its maps",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
