/* place-answer: the map depends on its place in the request. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    for (uint32_t i = 0; i < c->request->n; i++) c->maps[i * c->model->input.count] = (float)i + 1;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
