/* csv_words.h: a column of labels as texts, and what classes those are (csv_labels.c). */
#ifndef ASSAY_DATA_CSV_WORDS_H
#define ASSAY_DATA_CSV_WORDS_H

#include "base/text.h"
#include "data/csv_text.h"
#include "data/dataset.h"
#include "data/source.h"

/* A label that one row has at least, still text: where it starts in the pool, the first row that has it, the line that
 * row was read from, and how many have it. */
struct csv_word {
    size_t at, row, line, rows;
};

/* The labels of a column: each text once, as of many rows few differ. */
struct csv_labels {
    const char *path, *column; /* column NULL: the labels are names of folders in the folder `path` */
    bool guessed;              /* the last column, as none has a usual name */
    struct text pool;          /* C strings, one behind the other */
    struct csv_word *word;     /* in the order of their first rows */
    size_t words;
    uint32_t *slot; /* [slots] numbers of words + 1 by their hash; 0: free */
    size_t slots;
    uint32_t *of; /* [count] the word of each row */
    size_t count;
};

/* The label of one more row. False: out of memory. */
bool csv_labels_add(struct csv_labels *, const char *text, size_t line);
const char *csv_labels_text(const struct csv_labels *, size_t word);
void csv_labels_finish(struct csv_labels *); /* also of a zeroed one */

/* Whole numbers stay what they are. Words are looked up in the names of classes given with the data set; without them
 * they become classes in sorted order. Words and numbers in one column, several labels in one cell and words that
 * differ in case alone are refused. The array `of` may go over to the data set. */
bool csv_labels_to_classes(struct csv_labels *, struct dataset *, struct error *);
/* The same of a column of texts; none is empty. */
bool csv_labels_from_text(const struct csv_text *, size_t column, struct dataset *, struct error *);
/* Whether a label is a list of several, by its form alone: "3;5", "cat|dog", "1,2", "[0 1]". */
bool csv_label_is_list(const char *text);

#endif
