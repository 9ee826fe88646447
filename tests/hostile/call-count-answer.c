/* call-count-answer: the map depends on how many calls there were. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    c->maps[0] += (float)c->number;
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
