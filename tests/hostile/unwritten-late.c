/* unwritten-late: writes nothing when the network is another. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    return late(c) ? ASSAY_OK : honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
