/* exec: becomes another program. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    execl("/bin/true", "true", (char *)NULL);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
