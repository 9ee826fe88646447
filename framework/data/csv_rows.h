/* csv_rows.h: the rows of a large CSV file, which stay where they are: what is kept is where to look. How they are read
 * is declared in source.h. */
#ifndef ASSAY_DATA_CSV_ROWS_H
#define ASSAY_DATA_CSV_ROWS_H

#include "base/file.h"
#include "data/csv_columns.h"
#include "data/source.h"

/* Some rows that follow each other: what is read of the file at once. */
struct csv_block {
    uint64_t at, line; /* of the file, where it begins; lines before it */
    uint64_t hash;     /* of its bytes */
    uint32_t row;      /* its first */
};

/* For the file of that mark, whose header was read: columns that are labels are passed over. Path and places are
 * copied. */
bool csv_rows_create(const char *path, const struct file_mark *, const struct csv_columns *, struct csv_rows **out,
                     struct error *);

/* Rows between `at` and `end` of the file, with their bytes; each block begins where the one before it ended. False:
 * out of memory. */
bool csv_rows_add(struct csv_rows *, const struct csv_block *, const uint8_t *bytes, uint64_t end);
/* Of so many bytes a block is made, or of one row where that is longer. */
#define CSV_BLOCK ((size_t)1 << 14)

#endif
