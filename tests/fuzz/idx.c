/* idx: a pair of IDX files, plain or gzipped: the first two bytes are the size of the first. */
#include "fuzz.h"

#include "base/shape.h"
#include "base/text.h"
#include "data/dataset.h"

#include <stdlib.h>

void fuzz_idx(const uint8_t *data, size_t size) {
    struct dataset *d = NULL;
    struct error e;
    if (size < 2) return;
    size_t images = (size_t)data[0] << 8 | data[1];
    if (images > size - 2) images = size - 2;
    const char *first = fuzz_file("images", data + 2, images);
    const char *second = fuzz_file("labels", data + 2 + images, size - 2 - images);
    char *source = text_format("idx:%s,%s", first, second);
    if (source && dataset_load(source, "unit", &d, &e)) {
        float *sample = malloc((shape_count(&d->sample) + 1) * sizeof *sample);
        fuzz_check(sample && dataset_sample(d, d->count - 1, sample, &e), "the last sample is there");
        free(sample);
        dataset_destroy(d);
    }
    free(source);
}
