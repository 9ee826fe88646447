/* parent-stopped: stops its parent. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    pid_t parent = assay_parent();
    if (parent) kill(parent, SIGSTOP);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
