/* csv_table.h (private to data/): rows of a CSV file into numbers and labels, line by line; what a row must be. */
#ifndef ASSAY_DATA_CSV_TABLE_H
#define ASSAY_DATA_CSV_TABLE_H

#include "data/csv_words.h"
#include "data/csv_columns.h"
#include "data/csv_plain.h"

#include <csv.h>

struct csv_table {
    const char *path, *label, *ignore; /* label, ignore: the columns asked for, or NULL */
    bool skip_values;                  /* numbers of features are looked at and not kept */
    bool skip_labels;                  /* labels and targets are not kept, and nothing is said of them */

    struct csv_parser parser;
    bool parsing;          /* the parser has memory */
    size_t line;           /* the one that is read, from 1 */
    size_t fields;         /* of the current row, so far */
    bool in_row, in_data;  /* in the middle of a row; behind the header */
    unsigned events;       /* fields reported, for line tracking only */
    size_t quote_line;     /* where the open row was continued last: an unclosed quote is there */
    struct csv_cell *cell; /* [columns.labels] of a plain row */

    struct csv_columns columns;
    size_t header_line, rows;
    float *values;
    size_t value_count;
    struct csv_labels labels; /* texts of classes; of another kind of labels they are targets */
    float *targets;           /* [target_rows][columns.labels] */
    size_t target_rows;

    bool row_failed; /* the first complaint about a field waits: a row of the wrong length is the better complaint */
    bool failed;
    struct error error; /* of whatever returns false below */
};

/* Of a table whose path, label, kind of labels and skip_* are set, and all else is zero. */
bool csv_table_begin(struct csv_table *);
/* The next line: all bytes up to `next`, which is behind its end, or behind the file's. A zero follows there. */
bool csv_table_line(struct csv_table *, const uint8_t *line, const uint8_t *next);
/* The next line where it is a plain row: *next is behind it. Else, or between the lines of one row, *next is NULL. */
bool csv_table_plain(struct csv_table *, uint8_t *line, const uint8_t *end, uint8_t **next);
/* Ends the last row, which may have no end of its own. */
bool csv_table_end_row(struct csv_table *);
/* The same; and the whole must be a table. */
bool csv_table_end(struct csv_table *);
void csv_table_finish(struct csv_table *);

/* Behind the end of the line: \n, \r\n or \r. NULL where `end` comes first, or may cut \r\n in two. */
const uint8_t *csv_line_end(const uint8_t *line, const uint8_t *end);

#endif
