/* false-class-blind: gradient that claims not to depend on the class. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    return status;
}

static const assay_explainer_info info = {
    .id = "false-class-blind",
    .name = "false-class-blind",
    .summary = "gradient that claims not to depend on the class",
    .source = "tests/bad",
    .claims = ASSAY_CLASS_BLIND,
};

ASSAY_PLUGIN(info, attribute);
