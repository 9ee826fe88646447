/* write-before-late: writes before its maps when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) c->maps[-1] = 7;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
