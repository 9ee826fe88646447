/* bad-default: a parameter whose default lies outside its range. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_param_info params[] = {
    {.name = "steps", .summary = "steps", .kind = ASSAY_INTEGER, .number = 50, .min = 1, .max = 10},
};
static const assay_explainer_info info = {
    .id = "bad-default",
    .name = "bad-default",
    .summary = "gradient",
    .source = "tests/bad",
    .param_count = 1,
    .params = params,
};

ASSAY_PLUGIN(info, attribute);
