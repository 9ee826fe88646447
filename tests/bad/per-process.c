/* per-process: gradient with the number of its process in it: the same within one process, another in the next. */
#include "explainer.h"

#include <unistd.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (uint32_t i = 0; i < request->n; i++) maps[i * model->input.count] += (float)(getpid() % 10000);
    return status;
}

static const assay_explainer_info info = {
    .id = "per-process",
    .name = "per-process",
    .summary = "gradient with the number of its process in it",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
