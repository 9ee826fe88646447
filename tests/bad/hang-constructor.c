/* hang-constructor: never returns while it is loaded. */
#include "explainer.h"

#include <unistd.h>

__attribute__((constructor)) static void on_load(void) {
    for (;;) pause();
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)model, (void)request, (void)maps, (void)why;
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "hang-constructor",
    .name = "hang-constructor",
    .summary = "never returns while it is loaded",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
