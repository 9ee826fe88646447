/* csv_columns.h: which columns of a table are the labels; between csv.c and csv_columns.c. */
#ifndef ASSAY_DATA_CSV_COLUMNS_H
#define ASSAY_DATA_CSV_COLUMNS_H

#include "base/error.h"
#include "data/csv_options.h"
#include "data/dataset.h"

/* The header of a table, and what was found in it. */
struct csv_columns {
    char **names; /* [count] */
    size_t count;
    size_t *place; /* [count]: 0 of a feature, k of the k-th label, from 1, CSV_IGNORED; the caller's to free */
    size_t labels; /* how many; at least 1 */
    size_t ignored;
    size_t first; /* the column of the first label */
    size_t usual; /* columns with one of the usual names, where nobody said which is the label */
    enum label_kind kind;
};

#define CSV_IGNORED SIZE_MAX /* read over, whatever stands there */

/* Fills place, labels, ignored, first and usual. `wanted`: the columns asked for, or NULL: the first of label, target
 * and class, else the last. `ignore`: those to be left out, or NULL. False with a sentence without the file's name: no
 * such column, one twice, no column left to be a feature, or several labels where they are classes. */
bool csv_columns_find(struct csv_columns *, const char *wanted, const char *ignore, struct error *);

/* The names go over to the data set: those of features, and of several labels or real targets those. */
bool csv_columns_hand_over(struct csv_columns *, struct dataset *, struct error *);

#endif
