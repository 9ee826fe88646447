/* idx.c: the IDX format of the MNIST family: two zero bytes, the element type, the number of dimensions, the dimensions
 * (32 bits, big-endian), the elements (http://yann.lecun.com/exdb/mnist/, "The IDX file format"). */
#include "data/dataset.h"
#include "data/source.h"

#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IDX_MAX_RANK 4 /* samples x channels x height x width */
#define IDX_UBYTE 0x08

struct idx_type {
    uint8_t code;
    uint8_t size;
    const char *name;
    double (*decode)(const uint8_t *);
};

struct idx {
    const char *path;
    uint8_t *bytes;
    size_t size, header;
    const struct idx_type *type;
    struct shape shape;
};

static uint32_t big_endian(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static double decode_ubyte(const uint8_t *p) {
    return *p;
}

static double decode_byte(const uint8_t *p) {
    return *p < 0x80 ? *p : *p - 0x100;
}

static double decode_short(const uint8_t *p) {
    int value = p[0] << 8 | p[1];
    return value < 0x8000 ? value : value - 0x10000;
}

static double decode_int(const uint8_t *p) {
    double value = big_endian(p);
    return value < 0x1p31 ? value : value - 0x1p32;
}

static double decode_float(const uint8_t *p) {
    uint32_t bits = big_endian(p);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static double decode_double(const uint8_t *p) {
    uint64_t bits = (uint64_t)big_endian(p) << 32 | big_endian(p + 4);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static const struct idx_type idx_types[] = {
    {IDX_UBYTE, 1, "unsigned byte", decode_ubyte},
    {0x09, 1, "signed byte", decode_byte},
    {0x0B, 2, "short", decode_short},
    {0x0C, 4, "int", decode_int},
    {0x0D, 4, "float", decode_float},
    {0x0E, 8, "double", decode_double},
};

static const struct idx_type *find_type(uint8_t code) {
    for (size_t i = 0; i < sizeof idx_types / sizeof *idx_types; i++)
        if (idx_types[i].code == code) return &idx_types[i];
    return NULL;
}

static bool read_magic(struct idx *x, struct error *e) {
    const uint8_t *b = x->bytes;

    if (x->size < 4)
        return error_set(e, "%s: byte %zu: the file ends in the magic number: an IDX file wanted", x->path, x->size);
    if (b[0] || b[1])
        return error_set(e, "%s: byte 0: %02x %02x %02x %02x: an IDX file wanted (00 00, element type, dimensions)",
                         x->path, b[0], b[1], b[2], b[3]);
    x->type = find_type(b[2]);
    if (!x->type)
        return error_set(e, "%s: byte 2: element type 0x%02x: 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e wanted", x->path,
                         b[2]);
    if (b[3] < 1 || b[3] > IDX_MAX_RANK)
        return error_set(e, "%s: byte 3: %u dimensions: 1 to %d wanted", x->path, b[3], IDX_MAX_RANK);
    x->shape.rank = b[3];
    x->header = 4 + 4 * (size_t)b[3];
    return true;
}

/* The size of the elements is checked against the bytes that are there before anything is made of it. */
static bool read_dimensions(struct idx *x, struct error *e) {
    char dims[96];

    if (x->size < x->header)
        return error_set(e, "%s: byte %zu: the file ends in the dimensions: %u numbers of 4 bytes wanted", x->path,
                         x->size, x->shape.rank);
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        x->shape.dim[i] = big_endian(x->bytes + 4 + 4 * i);
        if (x->shape.dim[i] == 0)
            return error_set(e, "%s: byte %u: dimension %u is 0: at least 1 wanted", x->path, 4 + 4 * i, i + 1);
    }
    size_t count = shape_count(&x->shape), there = x->size - x->header;
    shape_text(&x->shape, dims, sizeof dims);
    if (count > there / x->type->size)
        return error_set(e, "%s: byte %zu: the file ends after %zu bytes of elements: %s of type %s wanted", x->path,
                         x->size, there, dims, x->type->name);
    if (count * x->type->size < there)
        return error_set(e, "%s: byte %zu: more bytes behind the %s elements of type %s: the end of the file wanted",
                         x->path, x->header + count * x->type->size, dims, x->type->name);
    return true;
}

/* What the header says the whole file has; a header that is wrong needs no elements to be refused. */
static size_t declared_size(const uint8_t *bytes, size_t count) {
    if (count < 4) return 0;
    const struct idx_type *type = find_type(bytes[2]);
    size_t header = 4 + 4 * (size_t)bytes[3], size = type ? type->size : 0;
    if (bytes[0] || bytes[1] || !type || bytes[3] > IDX_MAX_RANK) return header;
    if (count < header) return 0;
    for (size_t i = 0; i < bytes[3]; i++)
        if (__builtin_mul_overflow(size, (size_t)big_endian(bytes + 4 + 4 * i), &size)) return SIZE_MAX;
    return __builtin_add_overflow(size, header, &size) ? SIZE_MAX : size;
}

static bool idx_open(struct idx *x, const char *path, struct error *e) {
    x->path = path;
    return file_read_declared(path, declared_size, &x->bytes, &x->size, e) && read_magic(x, e) && read_dimensions(x, e);
}

static bool check_pair(const struct idx *images, const struct idx *labels, struct error *e) {
    if (images->shape.rank == 1)
        return error_set(e, "%s: byte 3: 1 dimension: images wanted, samples first%s", images->path,
                         labels->shape.rank > 1 ? " (are images and labels swapped?)" : "");
    if (labels->shape.rank != 1)
        return error_set(e, "%s: byte 3: %u dimensions: 1 wanted, one label for each image", labels->path,
                         labels->shape.rank);
    if (labels->shape.dim[0] != images->shape.dim[0])
        return error_set(e, "%s: byte 4: %zu labels: %zu wanted, one for each image of %s", labels->path,
                         labels->shape.dim[0], images->shape.dim[0], images->path);
    return true;
}

static bool take_labels(const struct idx *x, struct dataset *d, struct error *e) {
    d->labels = malloc(d->count * sizeof *d->labels);
    if (!d->labels) return error_memory(e);
    for (uint32_t i = 0; i < d->count; i++) {
        size_t at = x->header + (size_t)i * x->type->size;
        double value = x->type->decode(x->bytes + at);
        if (!source_put_label(d, i, value))
            return error_set(e, "%s: byte %zu: label %.9g: a whole number from 0 to %u wanted", x->path, at, value,
                             SOURCE_CLASSES_MAX - 1);
    }
    return true;
}

static bool take_values(const struct idx *x, struct dataset *d, struct error *e) {
    size_t count = shape_count(&x->shape);

    d->values = malloc(count * sizeof *d->values); /* at most four times the bytes of the file */
    if (!d->values) return error_memory(e);
    for (size_t i = 0; i < count; i++) {
        size_t at = x->header + i * x->type->size;
        float value = (float)x->type->decode(x->bytes + at);
        if (!isfinite(value))
            return error_set(e, "%s: byte %zu: element %zu is %g: a finite 32-bit number wanted", x->path, at, i,
                             (double)value);
        d->values[i] = value;
    }
    return true;
}

/* Bytes stay bytes, in the buffer they were read into. */
static bool take_images(struct idx *x, struct dataset *d, struct error *e) {
    if (x->type->code != IDX_UBYTE) return take_values(x, d, e);
    memmove(x->bytes, x->bytes + x->header, x->size - x->header);
    d->bytes = x->bytes;
    x->bytes = NULL;
    return true;
}

/* n x H x W are images of one channel; n x F are features. */
static struct shape sample_shape(const struct shape *all) {
    struct shape sample = {0};

    if (all->rank == 3) sample.dim[sample.rank++] = 1;
    for (uint32_t i = 1; i < all->rank; i++) sample.dim[sample.rank++] = all->dim[i];
    return sample;
}

bool idx_load(const char *images, const char *labels, struct dataset *d, struct error *e) {
    struct idx x = {0}, y = {0};
    bool ok = idx_open(&x, images, e) && idx_open(&y, labels, e) && check_pair(&x, &y, e);

    if (ok) {
        d->count = (uint32_t)x.shape.dim[0];
        d->sample = sample_shape(&x.shape);
        ok = take_labels(&y, d, e) && take_images(&x, d, e);
    }
    free(x.bytes);
    free(y.bytes);
    return ok;
}
