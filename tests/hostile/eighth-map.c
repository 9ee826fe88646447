/* eighth-map: the eighth map stands for all later ones. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    size_t one = c->model->input.count;
    for (uint32_t i = 8; i < c->request->n; i++) memcpy(c->maps + i * one, c->maps + 7 * one, one * sizeof(float));
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
