/* descriptors-closed: closes every descriptor it finds. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    for (int fd = 0; fd < 256; fd++) close(fd);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
