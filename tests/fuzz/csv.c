/* csv: CSV files; the first byte chooses the label column. */
#include "fuzz.h"

#include "base/text.h"
#include "data/dataset.h"
#include "base/shape.h"

#include <stdlib.h>

void fuzz_csv(const uint8_t *data, size_t size) {
    struct dataset *d = NULL;
    struct error e;
    if (size == 0) return;
    const char *path = fuzz_file("table.csv", data + 1, size - 1);
    char *source = text_format("csv:%s%s", path, data[0] % 2 ? ",label=b" : "");
    if (source && dataset_load(source, "none", &d, &e)) {
        float *sample = malloc((shape_count(&d->sample) + 1) * sizeof *sample);
        fuzz_check(sample && dataset_sample(d, d->count - 1, sample, &e), "the last sample is there");
        for (uint32_t i = 0; i < d->count; i++) fuzz_check(d->labels[i] < d->classes, "labels are below the classes");
        free(sample);
        dataset_destroy(d);
    }
    free(source);
}
