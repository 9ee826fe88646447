/* hang: never answers. */
#include "explainer.h"

#include <unistd.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)model, (void)request, (void)maps, (void)why;
    while (pause()) { /* -1, always */
    }
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "hang",
    .name = "hang",
    .summary = "never answers",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
