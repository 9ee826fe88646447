/* cifar.c: the binary version of CIFAR-10 (cs.toronto.edu/~kriz/cifar.html): a byte of label, then 32 x 32 bytes each
 * of red, green and blue. */
#include "base/file.h"
#include "data/dataset.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

#define PIXELS ((size_t)3 * 32 * 32)
#define RECORD (1 + PIXELS)
#define CLASSES 10u

static bool take_records(const char *path, const uint8_t *records, size_t n, struct dataset *d, struct error *e) {
    uint8_t *bytes = realloc(d->bytes, (d->count + n) * PIXELS);
    if (bytes) d->bytes = bytes;
    uint32_t *labels = realloc(d->labels, (d->count + n) * sizeof *labels);
    if (labels) d->labels = labels;
    if (!bytes || !labels) return error_memory(e);
    for (size_t i = 0; i < n; i++, records += RECORD) {
        if (records[0] >= CLASSES)
            return error_set(e, "%s: byte %zu: label %u: 0 to %u wanted (is this the binary version of CIFAR-10?)",
                             path, i * RECORD, records[0], CLASSES - 1);
        labels[d->count] = records[0];
        if (records[0] >= d->classes) d->classes = records[0] + 1u;
        memcpy(bytes + d->count++ * PIXELS, records + 1, PIXELS);
    }
    return true;
}

static bool load_file(const char *path, struct dataset *d, struct error *e) {
    uint8_t *bytes = NULL;
    size_t size = 0;

    if (!file_read(path, &bytes, &size, e)) return false;
    bool ok = size > 0 && size % RECORD == 0 && size / RECORD <= UINT32_MAX - d->count;
    if (!ok) error_set(e, "%s: %zu bytes: records of %zu bytes wanted (CIFAR-10, binary version)", path, size, RECORD);
    ok = ok && take_records(path, bytes, size / RECORD, d, e);
    free(bytes);
    return ok;
}

bool cifar_load(char *const *paths, size_t n, struct dataset *d, struct error *e) {
    d->sample = (struct shape){3, {3, 32, 32}};
    for (size_t i = 0; i < n; i++)
        if (!load_file(paths[i], d, e)) return false;
    return true;
}
