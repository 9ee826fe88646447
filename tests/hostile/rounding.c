/* rounding: rounds towards infinity from the moment it is loaded. */
#include "hostile.h"

#include <fenv.h>

__attribute__((constructor)) static void load(void) {
    fesetround(FE_UPWARD);
}

static assay_status attribute(const struct call *c) {
    fesetround(FE_UPWARD);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
