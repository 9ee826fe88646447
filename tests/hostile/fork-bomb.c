/* fork-bomb: two hundred children that wait for ever, bounded so that the machine lives. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    for (int k = 0; c->number == 1 && k < 200; k++)
        if (fork() == 0) {
            if (k % 2) setsid();
            hang();
        }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
