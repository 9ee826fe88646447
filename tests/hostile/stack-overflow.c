/* stack-overflow: calls itself for ever. */
#include "hostile.h"

static volatile unsigned depth;

static unsigned deeper(volatile char *above) {
    volatile char frame[4096];
    frame[0] = above ? above[0] : 1;
    if (++depth == 0) return 0;
    unsigned below = deeper(frame);
    return below + (unsigned)frame[0];
}

static assay_status attribute(const struct call *c) {
    return deeper(NULL) ? ASSAY_OK : honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
