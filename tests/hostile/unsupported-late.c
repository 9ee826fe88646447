/* unsupported-late: supports the network, and none with other weights. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    return late(c) ? assay_say(c->why, ASSAY_UNSUPPORTED, "not today") : honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
