/* packed.c: how the work is cut, and the memory. */
#include "nn/kernels/packed.h"

static size_t panels_of(const struct packed *p) {
    return (p->rows + PACKED_ROWS - 1) / PACKED_ROWS;
}

size_t packed_chunk(const struct packed *p) {
    size_t taps = p->taps[0] * p->taps[1], chunks = (p->channels * taps + PACKED_DEPTH - 1) / PACKED_DEPTH;
    return (p->channels + chunks - 1) / chunks;
}

size_t packed_weights_size(const struct packed *p) {
    return panels_of(p) * PACKED_ROWS * p->channels * p->taps[0] * p->taps[1];
}

/* The weights, one block of the unfolded input, and of the output as many rows as have to wait for the next chunk. */
size_t packed_scratch(const struct packed *p) {
    size_t chunk = packed_chunk(p), rows = chunk < p->channels ? panels_of(p) * PACKED_ROWS : PACKED_ROWS;
    return packed_weights_size(p) + PACKED_BLOCK * (chunk * p->taps[0] * p->taps[1] + rows);
}
