/* sizes.h: arithmetic of sizes. */
#ifndef ASSAY_BASE_SIZES_H
#define ASSAY_BASE_SIZES_H

#include <stddef.h>

static inline size_t size_min(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b) {
    return a > b ? a : b;
}

/* The next multiple of `unit`. */
static inline size_t size_up(size_t n, size_t unit) {
    return (n + unit - 1) / unit * unit;
}

#endif
