/* shape.h: dimensions of an array, outermost first. */
#ifndef ASSAY_BASE_SHAPE_H
#define ASSAY_BASE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHAPE_MAX_RANK 8

struct shape {
    uint32_t rank;
    size_t dim[SHAPE_MAX_RANK];
};

size_t shape_count(const struct shape *);                     /* product of all; 1 for rank 0; SIZE_MAX on overflow */
size_t shape_count_from(const struct shape *, uint32_t axis); /* product of dim[axis..] */
bool shape_equal(const struct shape *, const struct shape *);

/* "1x28x28" into buffer (cut off, never overrun); returns buffer. */
const char *shape_text(const struct shape *, char *buffer, size_t size);

#endif
