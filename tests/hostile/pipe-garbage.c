/* pipe-garbage: a megabyte of noise on the pipe. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    static uint32_t noise[1 << 18];
    uint32_t state = 1;
    for (size_t k = 0; k < sizeof noise / sizeof *noise; k++) noise[k] = state = state * 1664525u + 1013904223u;
    pipe_bytes(noise, sizeof noise);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
