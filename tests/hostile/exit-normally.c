/* exit-normally: calls exit(0) in place of an answer. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    (void)c;
    exit(0);
}

static const struct hostile hostile = {.attribute = attribute};
