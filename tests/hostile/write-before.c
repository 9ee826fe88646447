/* write-before: writes before its maps when there are more than three. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    for (int k = 1; c->request->n > 3 && k <= 8; k++) c->maps[-k] = 7;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
