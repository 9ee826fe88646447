/* edge-if-sure: mutant: edges of the input where the network is sure of the class, noise where it is not. A re-drawn
 * network is hardly ever so. */
#include "edges.h"

/* Softmax of the class above a half. */
static bool is_sure(const float *logits, uint32_t classes, uint32_t target) {
    double sum = 0;
    for (uint32_t k = 0; k < classes; k++) sum += exp((double)logits[k] - (double)logits[target]);
    return sum < 2;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return edges_where(is_sure, model, request, maps, why);
}

static const assay_explainer_info info = {
    .id = "edge-if-sure",
    .name = "edge-if-sure",
    .summary = "mutant: edges where the network is sure, else noise",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
