/* cifar: the binary files of CIFAR-10. */
#include "fuzz.h"

#include "base/text.h"
#include "data/dataset.h"

#include <stdlib.h>

void fuzz_cifar(const uint8_t *data, size_t size) {
    struct dataset *d = NULL;
    struct error e;
    char *source = text_format("cifar10:%s", fuzz_file("batch.bin", data, size));
    static float sample[3072];
    if (source && dataset_load(source, "unit", &d, &e)) {
        fuzz_check(dataset_sample(d, d->count - 1, sample, &e), "the last sample is there");
        dataset_destroy(d);
    }
    free(source);
}
