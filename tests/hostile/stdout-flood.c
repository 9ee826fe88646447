/* stdout-flood: prints 64 MB. */
#include "hostile.h"

static assay_status attribute(const struct call *c) {
    for (int k = 0; c->number == 1 && k < 1 << 20; k++)
        puts("a line of sixty-three characters, which is written many times..");
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
