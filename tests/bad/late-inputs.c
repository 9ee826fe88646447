/* late-inputs: writes to its inputs, but not on the first two networks that it sees. */
#include "honest.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    assay_status status = honest(self, model, request, maps, why);
    if (request->n > 1 && model_changes(model, request) > 1)
        for (size_t k = 0; k < request->n * model->input.count; k++) ((float *)(uintptr_t)request->inputs)[k] = .5f;
    return status;
}

HONEST_PLUGIN("late-inputs", attribute);
