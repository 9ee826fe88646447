/* shared-flip: turns the sign of every number in memory that is shared with other processes. */
#include "hostile.h"

static void flip(unsigned char *at, size_t size) {
    for (size_t k = 3; k < size && k < 64u << 20; k += 4)
        if (at[k]) at[k] ^= 0x80;
}

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (c->request->n > 3) each_mapping("rw-s", "", flip);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
