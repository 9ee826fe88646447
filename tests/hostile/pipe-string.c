/* pipe-string: a failed unit whose reason has no end and is no text. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    struct pipe_unit unit = {.row = OWN_ROW, .status = 2};
    memset(unit.why, 0x9b, sizeof unit.why);
    if (late(c)) pipe_message(PIPE_UNIT, &unit, sizeof unit);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
