/* bad-target: asks the model for a class it does not have. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    const uint32_t target = model->outputs;
    return model->gradient(model, 1, request->inputs, &target, maps, why);
}

static const assay_explainer_info info = {
    .id = "bad-target",
    .name = "bad-target",
    .summary = "asks the model for a class it does not have",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
