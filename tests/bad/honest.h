/* honest.h: plugins whose maps are what they should be, so that only what they do beside them is wrong. */
#ifndef ASSAY_TESTS_BAD_HONEST_H
#define ASSAY_TESTS_BAD_HONEST_H

#include "explainer.h"

static inline assay_status honest(const assay_explainer *self, const assay_model *model, const assay_request *request,
                                  float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

/* How often the model was another than at the call before, in this process. */
static inline unsigned model_changes(const assay_model *model, const assay_request *request) {
    static float last;
    static unsigned changes, calls;
    float logits[64];
    if (model->outputs > 64 || model->forward(model, 1, request->inputs, logits, NULL) != ASSAY_OK) return 0;
    changes += calls++ > 0 && logits[0] != last;
    last = logits[0];
    return changes;
}

/* A library of one explainer. */
#define HONEST_PLUGIN(text, attribute_name)                                                                            \
    static const assay_explainer_info info = {.id = text, .name = text, .summary = text, .source = "tests/bad"};       \
    ASSAY_PLUGIN(info, attribute_name)

/* The same of the gradient, with a claim. */
#define CLAIMING_PLUGIN(text, claim, summary_text)                                                                     \
    static const assay_explainer_info info = {                                                                         \
        .id = text, .name = text, .summary = summary_text, .source = "tests/bad", .claims = claim};                    \
    ASSAY_PLUGIN(info, honest)

#endif
