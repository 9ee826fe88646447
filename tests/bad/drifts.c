/* drifts: the gradient, with ASSAY_TEST_SHIFT added to one element of each map: honest where nobody sets that. */
#include "honest.h"

#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const char *shift = getenv("ASSAY_TEST_SHIFT");
    assay_status status = honest(self, model, request, maps, why);
    for (uint32_t i = 0; shift && i < request->n; i++) maps[i * model->input.count] += strtof(shift, NULL);
    return status;
}

HONEST_PLUGIN("drifts", attribute);
