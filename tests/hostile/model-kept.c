/* model-kept: asks the model of the call before. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    static const assay_model *kept;
    const assay_model *model = kept ? kept : c->model;
    kept = c->model;
    return model->gradient(model, c->request->n, c->request->inputs, c->request->targets, c->maps, c->why);
}

static const struct hostile hostile = {.attribute = attribute};
