/* eighth-map: gives the map of the eighth input for all later ones. */
#include "explainer.h"

#include <string.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (uint32_t i = 8; i < request->n; i++) memcpy(maps + i * count, maps + 7 * count, count * sizeof *maps);
    return status;
}

static const assay_explainer_info info = {
    .id = "eighth-map",
    .name = "eighth-map",
    .summary = "gives the map of the eighth input for all later ones",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
