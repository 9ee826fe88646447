/* model-late: writes to the model's table when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) ((assay_model *)c->model)->outputs = 3;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
