/* crash: writes where no memory is when asked. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)model, (void)request, (void)maps, (void)why;
    volatile uintptr_t nowhere = 64; /* no page is mapped there, and no sanitizer can tell beforehand */
    *(volatile int *)nowhere = 1;
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "crash",
    .name = "crash",
    .summary = "writes where no memory is when asked",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
