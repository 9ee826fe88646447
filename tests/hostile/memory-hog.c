/* memory-hog: takes eight gigabytes of addresses and fills half of one. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    size_t chunk = (size_t)256 << 20;
    for (int k = 0; c->number == 1 && k < 32; k++) {
        char *more = malloc(chunk);
        if (more && k < 2) memset(more, 1, chunk);
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
