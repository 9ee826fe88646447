/* npy.h: NumPy's .npy files (format 1.0), C order. */
#ifndef ASSAY_BASE_NPY_H
#define ASSAY_BASE_NPY_H

#include "base/error.h"
#include "base/shape.h"

bool npy_write(const char *path, const struct shape *, const float *data, struct error *);

/* The elements, whatever their type, as float32. */
struct npy_array {
    struct shape shape;
    float *values; /* the caller's to free */
    bool is_bytes; /* they were uint8 */
};

/* float16, float32 and float64, bool, and whole numbers of 1 to 8 bytes, in either order of bytes. */
bool npy_load(const char *path, struct npy_array *out, struct error *);
/* A file in memory; `name` is for messages. */
bool npy_decode(const char *name, const uint8_t *bytes, size_t size, struct npy_array *out, struct error *);
/* *data is the caller's to free. */
bool npy_read(const char *path, struct shape *, float **data, struct error *);

#endif
