/* fork-zombies: children that end and are not waited for. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    for (int k = 0; k < 20; k++)
        if (fork() == 0) _exit(0);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
