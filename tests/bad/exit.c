/* exit: ends the process with success instead of answering. */
#include "explainer.h"

#include <stdlib.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)model, (void)request, (void)maps, (void)why;
    exit(0);
}

static const assay_explainer_info info = {
    .id = "exit",
    .name = "exit",
    .summary = "ends the process with success instead of answering",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
