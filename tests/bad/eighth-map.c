/* eighth-map: gives the map of the eighth input for all later ones. */
#include "honest.h"

#include <string.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    assay_status status = honest(self, model, request, maps, why);
    for (uint32_t i = 8; i < request->n; i++) memcpy(maps + i * count, maps + 7 * count, count * sizeof *maps);
    return status;
}

HONEST_PLUGIN("eighth-map", attribute);
