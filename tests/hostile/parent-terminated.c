/* parent-terminated: asks its parent to end. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    pid_t parent = assay_parent();
    if (parent) kill(parent, SIGTERM);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
