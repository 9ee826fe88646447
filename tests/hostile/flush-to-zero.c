/* flush-to-zero: small numbers become zero from the moment it is loaded. */
#include "hostile.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

__attribute__((constructor)) static void load(void) {
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

static const struct hostile hostile = {.attribute = NULL};
