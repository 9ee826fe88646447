/* slow: answers, and takes twice its limit. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    nap(4);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
