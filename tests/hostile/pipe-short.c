/* pipe-short: sends a unit that is three bytes long. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    pipe_message(PIPE_UNIT, "abc", 3);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
