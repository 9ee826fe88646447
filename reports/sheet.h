/* sheet.h: tables of texts, and the formats that they are written in. */
#ifndef ASSAY_REPORTS_SHEET_H
#define ASSAY_REPORTS_SHEET_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Rows of as many texts as there are columns; the first row is the head. Zero-initialise, with title and columns. */
struct sheet {
    const char *title, *note; /* note: below it; NULL: none */
    size_t columns;
    size_t width; /* of lines of a terminal, for the note and a last column that is prose; 0: as long as they are */
    bool prose;   /* the last column is sentences */
    char **cells;
    size_t count;
    bool failed; /* out of memory */
};

void sheet_add(struct sheet *, const char *cell);
void sheet_addf(struct sheet *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sheet_finish(struct sheet *);

struct sheet_format {
    const char *id, *alias; /* alias: taken for it as well; or NULL */
    /* All sheets of one document; sheets without rows are left out. */
    void (*add)(struct text *, const char *title, const struct sheet *, size_t count);
};

/* Ended by an entry without id. */
extern const struct sheet_format sheet_formats[];

#endif
