/* descriptors-flood: opens files until there are no more. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    for (int k = 0; k < 2000000 && open("/dev/null", O_RDONLY) >= 0; k++) {}
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
