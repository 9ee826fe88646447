// The gradient, as a plugin in C++.
#include "explainer.h"

static assay_status attribute(const assay_explainer *, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    "gradient-in-cpp",
    "Gradient in C++",
    "the gradient of the logit",
    "Simonyan et al. 2014, arXiv:1312.6034",
    ASSAY_LINEAR_EXACT,
    0,
    nullptr,
    nullptr,
};

ASSAY_PLUGIN(info, attribute);
