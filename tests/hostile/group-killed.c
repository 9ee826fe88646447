/* group-killed: kills its process group. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    kill(0, SIGKILL);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
