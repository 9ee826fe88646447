/* pipe-slow: announces a message and sends a byte of it now and then, for ever. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    struct pipe_header h = {PIPE_UNIT, 0, 4000};
    (void)c;
    pipe_bytes(&h, sizeof h);
    for (;;) {
        pipe_bytes("x", 1);
        nap(.1);
    }
    return ASSAY_OK;
}

static const struct hostile hostile = {.attribute = attribute};
