/* write-behind-late: writes behind its maps when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (late(c)) c->maps[c->elements] = 7;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
