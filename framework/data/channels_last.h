/* channels_last.h: samples whose channels come last. */
#ifndef ASSAY_DATA_CHANNELS_LAST_H
#define ASSAY_DATA_CHANNELS_LAST_H

#include "data/dataset.h"

/* out[C x H x W] from in[H x W x C], elements of `size` bytes. */
void shape_channels_first(const struct shape *last, const void *in, void *out, size_t size);

/* Where samples are H x W x C, and `wanted` is the same as C x H x W: turns them all. Nothing else is changed. */
bool dataset_channels_first(struct dataset *, const struct shape *wanted, struct error *);

/* Whether `last` is `first` with its channels last; not where both are the same. */
bool shape_is_channels_last(const struct shape *last, const struct shape *first);

#endif
