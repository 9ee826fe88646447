/* exit-at-unload: ends its process when it is unloaded, as if all were well. */
#include "explainer.h"

#include <unistd.h>

__attribute__((destructor)) static void on_unload(void) {
    _exit(0);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "exit-at-unload",
    .name = "exit-at-unload",
    .summary = "ends its process when it is unloaded, as if all were well",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
