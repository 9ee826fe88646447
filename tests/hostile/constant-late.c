/* constant-late: maps of zeros when the network is another: vanished maps are nothing to PASS on. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) memset(c->maps, 0, c->elements * sizeof(float));
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
