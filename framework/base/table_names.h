/* table_names.h: the names that stand in a table, for suggestions and lists: of however many rows. */
#ifndef ASSAY_BASE_TABLE_NAMES_H
#define ASSAY_BASE_TABLE_NAMES_H

#include <stddef.h>

/* Of rows of `size` bytes with a `const char *` at `offset`, which is NULL in the last: all others' names and NULL;
 * *count of them, unless `count` is NULL. The array is the caller's (free()), the names are the table's. NULL: out of
 * memory. */
const char **table_names(const void *table, size_t size, size_t offset, size_t *count);

#endif
