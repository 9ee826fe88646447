/* npy: NumPy arrays. */
#include "fuzz.h"

#include "base/npy.h"

#include <stdlib.h>

void fuzz_npy(const uint8_t *data, size_t size) {
    struct shape shape;
    struct error e;
    float *values = NULL;
    volatile float sum = 0;
    if (!npy_read(fuzz_file("array.npy", data, size), &shape, &values, &e)) return;
    for (size_t i = 0; i < shape_count(&shape); i++) sum += values[i];
    free(values);
}
