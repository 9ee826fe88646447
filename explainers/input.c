/* input: the input itself, handed back as if it were an explanation. A baseline that must not pass: it looks
 * convincing and knows nothing of the model. Compare Adebayo et al. 2018, arXiv:1810.03292. */
#include "explainer.h"

#include <string.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self, (void)why;
    memcpy(maps, request->inputs, request->n * model->input.count * sizeof *maps);
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "input",
    .name = "Input",
    .summary = "baseline: the input itself, which no model had a part in",
    .source = "baseline; compare Adebayo et al. 2018, section 5.1, arXiv:1810.03292",
    .claims = ASSAY_CLASS_BLIND | ASSAY_INPUT_MULTIPLIER,
};

static const assay_about about = {
    .id = "input",
    .family = "baseline",
    .formula = "x",
    .cost = "none",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "x",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
