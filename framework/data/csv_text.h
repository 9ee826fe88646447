/* csv_text.h: a small CSV file as texts, its columns found by their names. */
#ifndef ASSAY_DATA_CSV_TEXT_H
#define ASSAY_DATA_CSV_TEXT_H

#include "base/error.h"
#include "base/text.h"

struct csv_text {
    const char *path; /* borrowed */
    size_t columns, rows;
    struct text pool; /* every field, one behind the other, the header first */
    size_t *field;    /* [rows + 1][columns]: where each starts */
    size_t fields;
    size_t *line; /* [rows + 1]: where each row was read */
    size_t lines;
};

/* Every row has as many fields as the header, and there is one at least. */
bool csv_text_read(const char *path, struct csv_text *out, struct error *);
void csv_text_finish(struct csv_text *);

/* The column with one of the names (in either case; NULL-terminated, the first that is there wins). */
bool csv_text_column(const struct csv_text *, const char *const *names, size_t *column, struct error *);

const char *csv_text_at(const struct csv_text *, size_t row, size_t column); /* rows from 0, behind the header */
size_t csv_text_line(const struct csv_text *, size_t row);

/* The front of a CSV file: *skip is how many bytes its byte order mark has. UTF-16 is named as such. */
bool csv_text_front(const char *path, const uint8_t *bytes, size_t size, size_t *skip, struct error *);
/* Bytes from that line on: UTF-8. Latin-1 is named as such. A zero lies behind them. */
bool csv_text_encoding(const char *path, size_t line, const uint8_t *bytes, size_t size, struct error *);

#endif
