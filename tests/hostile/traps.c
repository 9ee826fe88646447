/* traps: floating-point exceptions end the process from the moment it is loaded. */
#include "hostile.h"

#include <fenv.h>

__attribute__((constructor)) static void load(void) {
    feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW);
}

static const struct hostile hostile = {.attribute = NULL};
