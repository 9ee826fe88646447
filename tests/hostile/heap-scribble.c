/* heap-scribble: overwrites the heap. */
#include "hostile.h"

static void scribble(unsigned char *at, size_t size) {
    memset(at, 0x41, size);
}

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    each_mapping("rw-p", "[heap]", scribble);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
