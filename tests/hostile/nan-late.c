/* nan-late: one element is NaN when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) c->maps[c->elements - 1] = __builtin_nanf("");
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
