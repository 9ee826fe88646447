/* edge-if-right: mutant: edges of the input where the class is the predicted one, noise where it is not. A re-drawn
 * network is hardly ever so. */
#include "edges.h"

static bool is_predicted(const float *logits, uint32_t classes, uint32_t target) {
    for (uint32_t k = 0; k < classes; k++)
        if (logits[k] > logits[target]) return false;
    return true;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return edges_where(is_predicted, model, request, maps, why);
}

static const assay_explainer_info info = {
    .id = "edge-if-right",
    .name = "edge-if-right",
    .summary = "mutant: edges where the class is the predicted one, else noise",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
