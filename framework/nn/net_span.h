/* net_span.h: arrays that are needed for some time, laid out in one memory. Private to net*.c. */
#ifndef ASSAY_NN_NET_SPAN_H
#define ASSAY_NN_NET_SPAN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    uint32_t first, last; /* needed from then to then, both included */
    size_t count, at;     /* floats; where they lie */
    float **where;        /* of the pointer that is set */
};

/* Sets at: no two that are needed at the same time overlap. Largest first, each as low as it can be. *floats: how much
 * that takes. Of n spans it takes n log n steps, and more only where many are needed at once with gaps between them. */
bool span_place_all(struct span *, uint32_t count, size_t *floats, struct error *);

#endif
