/* failed-late: fails when the network is another, without a reason. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    return late(c) ? ASSAY_FAILED : honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
