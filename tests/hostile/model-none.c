/* model-none: asks the model about no inputs, and from nowhere. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    float none;
    c->model->forward(c->model, 0, NULL, &none, c->why);
    c->model->gradient(c->model, 0, NULL, NULL, &none, NULL);
    c->model->extension(c->model, "assay.nothing/9");
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
