/* bump.h: a map that looks the same whatever the input: high in the centre, as pictures of things are. */
#ifndef ASSAY_TESTS_BAD_BUMP_H
#define ASSAY_TESTS_BAD_BUMP_H

#include "explainer.h"

#include <math.h>

/* Of root mean square 1. */
static inline void bump_of(const assay_shape *s, float *bump) {
    size_t height = s->rank == 3 ? s->dim[1] : 1, width = s->rank == 3 ? s->dim[2] : s->count;
    double squares = 0;
    for (size_t k = 0; k < s->count; k++) {
        double y = ((double)(k / width % height) + .5) / (double)height - .5,
               x = ((double)(k % width) + .5) / (double)width - .5;
        bump[k] = (float)exp(-8 * (x * x + y * y));
        squares += (double)bump[k] * bump[k] / (double)s->count;
    }
    for (size_t k = 0; k < s->count; k++) bump[k] /= (float)sqrt(squares);
}

#endif
