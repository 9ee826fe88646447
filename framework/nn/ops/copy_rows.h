/* copy_rows.h: a rectangle of one plane into another. */
#ifndef ASSAY_NN_OPS_COPY_ROWS_H
#define ASSAY_NN_OPS_COPY_ROWS_H

#include <stddef.h>
#include <string.h>

/* Rows are short: a call of memcpy for each would cost more than the copying. Blocks may overlap. */
#define COPY_BLOCKS(size)                                                                                              \
    for (; rows > 0; rows--, to += to_step, from += from_step) {                                                       \
        for (ptrdiff_t i = 0; i < n - (size); i += (size)) memcpy(to + i, from + i, (size) * sizeof *to);              \
        memcpy(to + n - (size), from + n - (size), (size) * sizeof *to);                                               \
    }

static inline void copy_rows(float *restrict to, ptrdiff_t to_step, const float *restrict from, ptrdiff_t from_step,
                             ptrdiff_t rows, ptrdiff_t n) {
    if (n >= 8) COPY_BLOCKS(8)
    else if (n >= 4) COPY_BLOCKS(4)
    else if (n >= 1) COPY_BLOCKS(1)
}

#undef COPY_BLOCKS

#endif
