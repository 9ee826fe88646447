/* exit-constructor: ends its process while it is loaded, as if all were well. */
#include "explainer.h"

#include <unistd.h>

__attribute__((constructor)) static void on_load(void) {
    _exit(0);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "exit-constructor",
    .name = "exit-constructor",
    .summary = "ends its process while it is loaded, as if all were well",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
