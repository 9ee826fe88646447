/* doubled: the gradient times two, under a name of its own: the same method to every measure of rank. */
#include "honest.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const size_t count = request->n * model->input.count;
    assay_status status = honest(self, model, request, maps, why);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) maps[i] *= 2;
    return status;
}

HONEST_PLUGIN("doubled", attribute);
