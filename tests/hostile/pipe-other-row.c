/* pipe-other-row: units of the honest rows. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    for (uint32_t a = 0; late(c) && a < 64; a++) {
        pipe_unit(0, a, (struct pipe_pair){.value = 1});
        pipe_unit(1, a, (struct pipe_pair){.value = 0});
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
