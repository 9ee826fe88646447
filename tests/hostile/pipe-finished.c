/* pipe-finished: says that the work is done, and goes on for ever. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    if (!late(c)) return honest(c);
    pipe_message(PIPE_FINISHED, "", 0);
    hang();
    return ASSAY_OK;
}

static const struct hostile hostile = {.attribute = attribute};
