/* fork-child-answers: forks, and the child answers while the parent ends. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    if (fork() > 0) _exit(0);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
