/* targets-late: writes to the targets when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    uint32_t *targets = (uint32_t *)c->request->targets;
    if (late(c)) targets[c->request->n - 1] = (targets[c->request->n - 1] + 1) % c->model->outputs;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
