/* late-overrun: writes before its maps, but not on the first network that it sees. */
#include "explainer.h"

/* Whether the model is another than at the first call. */
static bool is_other(const assay_model *model, const assay_request *request) {
    static float first;
    static bool known;
    float logits[64];
    if (model->outputs > 64 || model->forward(model, 1, request->inputs, logits, NULL) != ASSAY_OK) return false;
    if (!known) first = logits[0];
    known = true;
    return logits[0] != first;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    if (is_other(model, request))
        for (int k = 1; k < 4096; k++) maps[-k] = 7;
    return status;
}

static const assay_explainer_info info = {
    .id = "late-overrun",
    .name = "late-overrun",
    .summary = "writes before its maps, but not on the first network that it sees",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
