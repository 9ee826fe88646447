/* child-outlives: a child in a session of its own outlives every call. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) hang();
        _exit(0);
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
