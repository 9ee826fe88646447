/* late-overrun: writes before its maps, but not on the first network that it sees. */
#include "honest.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    assay_status status = honest(self, model, request, maps, why);
    if (request->n > 1 && model_changes(model, request) > 0)
        for (int k = 1; k < 4096; k++) maps[-k] = 7;
    return status;
}

HONEST_PLUGIN("late-overrun", attribute);
