/* borrowed-name: has the name of input x gradient, and multiplies by the gradient's magnitude. */
#include "honest.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    assay_status status = honest(self, model, request, maps, why);
    for (size_t k = 0; k < request->n * model->input.count; k++)
        maps[k] = request->inputs[k] * (maps[k] < 0 ? -maps[k] : maps[k]);
    return status;
}

HONEST_PLUGIN("input-x-gradient", attribute);
