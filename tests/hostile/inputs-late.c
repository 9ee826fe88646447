/* inputs-late: writes to the inputs when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) memset((float *)c->request->inputs, 0, c->elements * sizeof(float));
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
