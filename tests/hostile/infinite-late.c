/* infinite-late: one element is infinite when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) c->maps[0] = __builtin_inff();
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
