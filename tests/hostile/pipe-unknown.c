/* pipe-unknown: sends a message of a type that does not exist. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    pipe_message(77, "abcdefgh", 8);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
