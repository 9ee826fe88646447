/* fork-both: forks, and both processes answer. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    if (c->number == 1) (void)!fork();
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
