/* short: leaves the second half of every map unwritten. */
#include "explainer.h"

#include <string.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    (void)why;
    for (uint32_t i = 0; i < request->n; i++) {
        memcpy(maps + i * model->input.count, request->inputs + i * model->input.count,
               model->input.count / 2 * sizeof *maps);
    }
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "short",
    .name = "short",
    .summary = "leaves the second half of every map unwritten",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
