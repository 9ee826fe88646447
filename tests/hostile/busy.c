/* busy: computes for ever. */
#include "hostile.h"

static volatile unsigned turns;

static assay_status attribute(const struct call *c) {
    (void)c;
    for (;;) turns++;
    return ASSAY_OK;
}

static const struct hostile hostile = {.attribute = attribute};
