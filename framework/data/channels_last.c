/* channels_last.c: from channels last to channels first. */
#include "data/channels_last.h"

#include <stdlib.h>
#include <string.h>

bool shape_is_channels_last(const struct shape *last, const struct shape *first) {
    return last->rank == 3 && first->rank == 3 && last->dim[2] == first->dim[0] && last->dim[0] == first->dim[1] &&
           last->dim[1] == first->dim[2] && !shape_equal(last, first);
}

void shape_channels_first(const struct shape *last, const void *in, void *out, size_t size) {
    size_t places = last->dim[0] * last->dim[1], channels = last->dim[2];
    const char *from = in;
    char *to = out;
    for (size_t p = 0; p < places; p++)
        for (size_t c = 0; c < channels; c++)
            memcpy(to + (c * places + p) * size, from + (p * channels + c) * size, size);
}

/* In place, one sample after another. */
static bool turn_all(const struct shape *last, void *all, uint32_t count, size_t size, struct error *e) {
    size_t bytes = shape_count(last) * size;
    char *at = all, *copy = malloc(bytes ? bytes : 1);
    if (!copy) return error_memory(e);
    for (uint32_t i = 0; i < count; i++, at += bytes) {
        memcpy(copy, at, bytes);
        shape_channels_first(last, copy, at, size);
    }
    free(copy);
    return true;
}

bool dataset_channels_first(struct dataset *d, const struct shape *wanted, struct error *e) {
    const struct shape last = d->sample;
    if (d->files || !shape_is_channels_last(&last, wanted)) return true;
    if (d->bytes && !turn_all(&last, d->bytes, d->count, sizeof *d->bytes, e)) return false;
    if (d->values && !turn_all(&last, d->values, d->count, sizeof *d->values, e)) return false;
    d->sample = *wanted;
    return true;
}
