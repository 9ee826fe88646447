/* why-overrun: writes its reason beyond the buffer. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    memset(c->why->text, 'x', c->why->size + 1024);
    return ASSAY_FAILED;
}

static const struct hostile hostile = {.attribute = attribute};
