/* shared-scribble: overwrites all memory that is shared with other processes. */
#include "hostile.h"

static void scribble(unsigned char *at, size_t size) {
    for (size_t k = 0; k < size && k < 8u << 20; k++) at[k] = (unsigned char)(k * 131 + 7);
}

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    if (c->request->n > 3) each_mapping("rw-s", "", scribble);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
