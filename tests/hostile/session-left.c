/* session-left: starts a session of its own, then never answers. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    (void)c;
    if (fork() == 0) {
        setsid();
        hang();
    }
    setpgid(0, getppid());
    setsid();
    hang();
    return ASSAY_OK;
}

static const struct hostile hostile = {.attribute = attribute};
