/* self-killed: kills itself. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    raise(SIGKILL);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
