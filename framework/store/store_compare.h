/* store_compare.h: one unit in two stores. */
#ifndef ASSAY_STORE_STORE_COMPARE_H
#define ASSAY_STORE_STORE_COMPARE_H

#include "base/error.h"

#include <stdbool.h>

struct store;

/* A copy in memory. */
bool store_copy(struct store *from, struct store **out, struct error *);
/* One as a file that is not there yet. A failure leaves EIO in errno, and no file. */
bool store_copy_to(struct store *from, const char *path, struct error *);

struct unit_difference {
    char what[256]; /* "": none; else where the first is, and both values */
    double largest; /* of two numbers, however small */
};
/* Status, comparisons, checks and maps of that unit, but not its time. Numbers may differ by `tolerance`, of checks and
 * maps relative to the largest of a map or to the number itself; at 0 bytes are compared, and what the unit says of its
 * failure, too. */
bool store_compare_unit(struct store *a, struct store *b, const char *explainer, const char *variant, double tolerance,
                        struct unit_difference *out, struct error *);

#endif
