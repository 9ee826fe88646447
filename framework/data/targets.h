/* targets.h: real targets of a regression, and of several labels whether each is there; what the readers share. */
#ifndef ASSAY_DATA_TARGETS_H
#define ASSAY_DATA_TARGETS_H

#include "data/csv_words.h"
#include "data/dataset.h"

/* One target of each sample from a column of texts. False, naming the line, where one is no number. */
bool targets_from_texts(const struct csv_labels *, struct dataset *, struct error *);

/* values[count of the shape] for the samples of an array called `name`, N or N x T, which must be finite, and of
 * LABELS_FLAGS 0 or 1. */
bool targets_from_array(const char *name, const struct shape *, const float *values, struct dataset *, struct error *);

#endif
