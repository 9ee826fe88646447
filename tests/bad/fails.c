/* fails: fails, in its own words. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)model, (void)request, (void)maps;
    return assay_say(why, ASSAY_FAILED, "the moon is in the wrong phase");
}

static const assay_explainer_info info = {
    .id = "fails",
    .name = "fails",
    .summary = "fails, in its own words",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
