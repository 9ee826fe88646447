/* why-controls: fails with a reason of control characters and bytes that are no text. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    return assay_say(c->why, ASSAY_FAILED, "\033[2J\"quoted\",\r\n\x01\x9b\xff <b>&amp; the moon");
}

static const struct hostile hostile = {.attribute = attribute};
