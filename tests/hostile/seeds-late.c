/* seeds-late: writes to the seeds when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) ((uint64_t *)c->request->seeds)[0] ^= 1;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
