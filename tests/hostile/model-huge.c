/* model-huge: asks the model about four thousand million inputs. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    return c->model->forward(c->model, UINT32_MAX, c->request->inputs, c->maps, c->why);
}

static const struct hostile hostile = {.attribute = attribute};
