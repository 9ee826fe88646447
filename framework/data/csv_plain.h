/* csv_plain.h: rows of a CSV file that need no parser: most of a large one. */
#ifndef ASSAY_DATA_CSV_PLAIN_H
#define ASSAY_DATA_CSV_PLAIN_H

#include "data/csv_columns.h"

#include <stdint.h>

/* Where the cell of a label lies: between `from` and `to`. */
struct csv_cell {
    size_t column;
    uint8_t *from, *to;
};

/* Behind the end of the line where it is a row of that many fields, each of them as the parser would take it: decimal
 * numbers that fit 32 bits, and ASCII texts as labels, nothing of it in quotes or between blanks. cells[labels]:
 * those of labels in the order of the row, whose texts are the caller's to judge. NULL says only that the parser has to
 * look. *end is readable and no character of a row. */
uint8_t *csv_plain_row(const struct csv_columns *, uint8_t *line, const uint8_t *end, struct csv_cell *cells);

#endif
