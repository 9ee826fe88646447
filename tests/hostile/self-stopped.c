/* self-stopped: stops itself. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    raise(SIGSTOP);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
