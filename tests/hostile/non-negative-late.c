/* non-negative-late: claims NON_NEGATIVE and keeps it until the network is another. */
#define HOSTILE_CLAIMS ASSAY_NON_NEGATIVE
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    bool breaks = late(c);
    for (size_t k = 0; !breaks && k < c->elements; k++)
        if (c->maps[k] < 0) c->maps[k] = -c->maps[k];
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
