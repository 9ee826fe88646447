/* pipe-nan: similarities that are NaN. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    for (uint32_t a = 0; late(c) && a < 64; a++) pipe_unit(OWN_ROW, a, (struct pipe_pair){.value = __builtin_nan("")});
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
