/* unsupported: supports no model. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)model, (void)request, (void)maps;
    return assay_say(why, ASSAY_UNSUPPORTED, "wants a model with attention");
}

static const assay_explainer_info info = {
    .id = "unsupported",
    .name = "unsupported",
    .summary = "supports no model",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
