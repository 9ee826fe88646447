/* nan: gradient with one value that is no number. */
#include "explainer.h"

#include <math.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    maps[model->input.count / 2] = NAN;
    return status;
}

static const assay_explainer_info info = {
    .id = "nan",
    .name = "nan",
    .summary = "gradient with one value that is no number",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
