/* pipe-wrap: announces a message whose size wraps around. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    struct pipe_header h = {PIPE_UNIT, 0, UINT64_MAX - 7};
    pipe_bytes(&h, sizeof h);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
