/* source.h: the readers of data sources, and what they share. */
#ifndef ASSAY_DATA_SOURCE_H
#define ASSAY_DATA_SOURCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dataset;

#define SOURCE_FORMS                                                                                                   \
    "idx:IMAGES,LABELS, csv:FILE[,label=COLUMN], folder:DIR, sequence:FILE, npy:INPUTS[,LABELS], npz:FILE or "         \
    "cifar10:FILE[,FILE...]"

/* Labels are 0 .. this - 1. More classes than that are no classes: someone took the wrong column or file. */
#define SOURCE_CLASSES_MAX 65536u

/* Behind the complaint about a label that is no whole number. */
#define SOURCE_REGRESSION_HINT                                                                                         \
    " (a real target? `task: regression` in the battery, --task regression on the command line)"

/* The class of a label, and `classes` that go with it; false when the value is no whole number in range. */
bool source_class(struct dataset *, double value, uint32_t *class);
/* Label i, and `classes` that go with it; false when the value is no whole number from 0 to SOURCE_CLASSES_MAX - 1. */
bool source_put_label(struct dataset *, size_t i, double value);

/* `count` labels, and every one is DATASET_NO_LABEL. */
bool source_leave_unlabelled(struct dataset *, size_t count, struct error *);

/* Of a source that holds whole numbers alone, the labels that were read become targets where those were asked for. */
bool source_take_labels(struct dataset *, const char *source, struct error *);

/* Each reader fills an empty dataset; what it holds after a failure is the caller's to free all the same. */
bool idx_load(const char *images, const char *labels, struct dataset *, struct error *);
/* label NULL: the default one; "a,label=b": several */
bool csv_load(const char *path, const char *label, struct dataset *, struct error *);
/* The rows of a large file, which are read when they are wanted. values[features] of one. An error where the file is
 * not what it was: by its mark, or by what it holds there. */
struct csv_rows;
bool csv_rows_read(struct csv_rows *, uint32_t row, float *values, struct error *);
void csv_rows_destroy(struct csv_rows *);

bool folder_load(const char *path, struct dataset *, struct error *);
bool folder_sample(const struct dataset *, uint32_t index, float *out, struct error *);
bool sequence_load(const char *path, struct dataset *, struct error *);
bool npy_source_load(const char *inputs, const char *labels, struct dataset *, struct error *); /* labels may be NULL */
bool npz_load(const char *path, struct dataset *, struct error *);
bool cifar_load(char *const *paths, size_t n, struct dataset *, struct error *);

#endif
