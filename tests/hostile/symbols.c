/* symbols: exports functions of the C library that do other things. */
#include "hostile.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
ASSAY_EXPORT int isfinite(double);
ASSAY_EXPORT int poll(void *, unsigned long, int);
ASSAY_EXPORT double sqrt(double);

ASSAY_EXPORT int isfinite(double value) {
    return value != value;
}
ASSAY_EXPORT int poll(void *set, unsigned long count, int limit) {
    (void)set, (void)count, (void)limit;
    return -1;
}
ASSAY_EXPORT double sqrt(double value) {
    return value > 0 ? -1 : 1;
}

static const struct hostile hostile = {.attribute = NULL};
