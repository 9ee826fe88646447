/* environment: another environment from the moment it is loaded. */
#include "hostile.h"

__attribute__((constructor)) static void load(void) {
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    setenv("TMPDIR", "/nonexistent", 1);
    setenv("PATH", "/nonexistent", 1);
    setenv("OPENBLAS_NUM_THREADS", "64", 1);
    setenv("ASSAY_ISA", "portable", 1);
}

static const struct hostile hostile = {.attribute = NULL};
