/* ptrace-parent: attaches to its parent and leaves it stopped. */
#include "hostile.h"

#include <sys/ptrace.h>

static assay_status attribute(const struct call *c) {
    pid_t parent = assay_parent();
    if (parent) ptrace(PTRACE_ATTACH, parent, NULL, NULL);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
