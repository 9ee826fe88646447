/* csv.h: a CSV file read into columns of numbers and one of labels; between csv.c and csv_labels.c. */
#ifndef ASSAY_DATA_CSV_H
#define ASSAY_DATA_CSV_H

#include "base/text.h"
#include "data/csv_text.h"
#include "data/dataset.h"
#include "data/source.h"

/* One label, still text: where it starts in the pool, and the line it was read from. */
struct csv_label {
    size_t at, line;
};

struct csv_labels {
    const char *path, *column; /* column NULL: the labels are names of folders in the folder `path` */
    bool guessed;              /* the last column, as none has a usual name */
    struct text pool;          /* C strings, one behind the other */
    struct csv_label *item;
    size_t count;
};

/* Whole numbers stay what they are. Words are looked up in the names of classes given with the data set; without them
 * they become classes in sorted order. Words and numbers in one column, several labels in one cell and words that
 * differ in case alone are refused. */
bool csv_labels_to_classes(const struct csv_labels *, struct dataset *, struct error *);
/* The same of a column of texts; none is empty. */
bool csv_labels_from_text(const struct csv_text *, size_t column, struct dataset *, struct error *);
/* Whether a label is a list of several, by its form alone: "3;5", "cat|dog", "1,2", "[0 1]". */
bool csv_label_is_list(const char *text);

#endif
