/* pipe-view: similarities of a view that does not exist. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    for (uint32_t a = 0; late(c) && a < 64; a++) pipe_unit(OWN_ROW, a, (struct pipe_pair){.value = .5, .view = 200});
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
