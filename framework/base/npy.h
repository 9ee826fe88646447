/* npy.h: NumPy's .npy files (format 1.0), float32, C order. */
#ifndef ASSAY_BASE_NPY_H
#define ASSAY_BASE_NPY_H

#include "base/error.h"
#include "base/shape.h"

bool npy_write(const char *path, const struct shape *, const float *data, struct error *);
/* Little-endian float32 and float64 (narrowed) are read; *data is the caller's to free. */
bool npy_read(const char *path, struct shape *, float **data, struct error *);

#endif
