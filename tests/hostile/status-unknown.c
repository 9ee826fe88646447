/* status-unknown: returns a status that does not exist. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    honest(c);
    return (assay_status)77;
}

static const struct hostile hostile = {.attribute = attribute};
