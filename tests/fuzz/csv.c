/* csv: CSV files; the first byte chooses the label column. */
#include "fuzz.h"

#include "base/text.h"
#include "base/shape.h"
#include "data/csv.h"
#include "data/dataset.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

/* Where the rows stay in the file, all is as if they were kept. */
static void check_rows(const char *path, const char *label, const struct dataset *kept) {
    struct dataset *d = calloc(1, sizeof *d);
    struct error e;
    const bool ok = d && csv_load_keeping(path, label, 0, d, &e);
    float *values = kept ? malloc((shape_count(&kept->sample) + 1) * sizeof *values) : NULL;
    fuzz_check(ok == (kept != NULL), "one way takes it, and the other does not");
    for (uint32_t i = 0; ok && i < d->count; i++) {
        const size_t n = shape_count(&d->sample);
        fuzz_check(values && csv_rows_read(d->rows, i, values, &e), "every row is found again");
        fuzz_check(memcmp(values, kept->values + i * n, n * sizeof *values) == 0, "its numbers are the same");
        fuzz_check(d->labels[i] == kept->labels[i], "its label is the same");
    }
    free(values);
    dataset_destroy(d);
}

void fuzz_csv(const uint8_t *data, size_t size) {
    struct dataset *d = NULL;
    struct error e;
    if (size == 0) return;
    const char *path = fuzz_file("table.csv", data + 1, size - 1);
    char *source = text_format("csv:%s%s", path, data[0] % 2 ? ",label=b" : "");
    const bool loaded = source && dataset_load(source, "none", &d, &e), packed = size > 2 && data[1] == 0x1f;
    if (source && !packed) check_rows(path, data[0] % 2 ? "b" : NULL, loaded ? d : NULL);
    if (loaded) {
        float *sample = malloc((shape_count(&d->sample) + 1) * sizeof *sample);
        fuzz_check(sample && dataset_sample(d, d->count - 1, sample, &e), "the last sample is there");
        for (uint32_t i = 0; i < d->count; i++) fuzz_check(d->labels[i] < d->classes, "labels are below the classes");
        free(sample);
        dataset_destroy(d);
    }
    free(source);
}
