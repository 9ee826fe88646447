/* pipe-huge: announces a message of 2^62 bytes and sends 64 MB of it. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    static const char zeros[1 << 16];
    struct pipe_header h = {PIPE_UNIT, 0, (uint64_t)1 << 62};
    pipe_bytes(&h, sizeof h);
    for (int k = 0; k < 1024; k++) pipe_bytes(zeros, sizeof zeros);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
