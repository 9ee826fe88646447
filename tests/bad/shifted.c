/* shifted: mutant: the gradient moved by three elements. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (uint32_t i = 0; i < request->n; i++) {
        float *map = maps + i * model->input.count;
        for (size_t k = model->input.count; k-- > 3;) map[k] = map[k - 3];
    }
    return status;
}

static const assay_explainer_info info = {
    .id = "shifted",
    .name = "shifted",
    .summary = "mutant: gradient moved by three elements",
    .source = "tests/bad",
    .claims = ASSAY_LINEAR_EXACT,
};

ASSAY_PLUGIN(info, attribute);
