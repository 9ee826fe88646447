/* stderr-controls: prints control characters and bytes that are no text. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    fputs("\033[2J\033]0;owned\007\x9b\xff\xfe\r\n", stderr);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
