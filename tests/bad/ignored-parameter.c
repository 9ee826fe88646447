/* ignored-parameter: the gradient times a parameter, and another parameter that changes nothing. */
#include "kit.h"

enum { STEPS, SCALE, PARAMS };

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (size_t k = 0; status == ASSAY_OK && k < request->n * model->input.count; k++)
        maps[k] *= (float)kit_number(self, SCALE);
    return status;
}

static const assay_param_info params[PARAMS] = {
    [STEPS] = {.name = "steps", .summary = "ignored", .kind = ASSAY_INTEGER, .number = 10, .min = 1, .max = 100},
    [SCALE] = {.name = "scale", .summary = "of the map", .kind = ASSAY_NUMBER, .number = 1, .min = 0, .max = 10},
};

static const assay_explainer_info info = {
    .id = "ignored-parameter",
    .name = "ignored-parameter",
    .summary = "gradient with a parameter that it does not read",
    .source = "tests/bad",
    .param_count = PARAMS,
    .params = params,
};

KIT_PLUGIN(info, attribute);
