/* seed-answer: the map depends on the seed and nothing claims so. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    for (uint32_t i = 0; i < c->request->n; i++)
        c->maps[i * c->model->input.count] = (float)(c->request->seeds[i] % 1009);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
