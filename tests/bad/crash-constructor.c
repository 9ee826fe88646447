/* crash-constructor: aborts while it is loaded. */
#include "explainer.h"

#include <stdlib.h>

__attribute__((constructor)) static void on_load(void) {
    abort();
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)model, (void)request, (void)maps, (void)why;
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "crash-constructor",
    .name = "crash-constructor",
    .summary = "aborts while it is loaded",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
