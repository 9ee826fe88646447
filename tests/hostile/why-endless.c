/* why-endless: fails with a reason that fills its buffer and has no end. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    memset(c->why->text, 'x', c->why->size);
    return ASSAY_FAILED;
}

static const struct hostile hostile = {.attribute = attribute};
