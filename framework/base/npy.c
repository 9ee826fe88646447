/* The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Six bytes of magic, two of version, a
 * little-endian length (two bytes; four from version 2 on), a Python dictionary as text, then the elements. */
#include "base/npy.h"
#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
#define MAGIC_SIZE 6
#define PREFIX_SIZE 10 /* magic, version, length of the header */
#define ALIGNMENT 64

static void put_float(uint8_t *out, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(bits >> 8 * i);
}

static uint64_t get_bits(const uint8_t *in, size_t size) {
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++) bits |= (uint64_t)in[i] << 8 * i;
    return bits;
}

static float get_float(const uint8_t *in, size_t size) {
    uint64_t bits = get_bits(in, size);
    if (size == sizeof(double)) {
        double wide;
        memcpy(&wide, &bits, sizeof wide);
        return (float)wide;
    }
    uint32_t half = (uint32_t)bits;
    float value;
    memcpy(&value, &half, sizeof value);
    return value;
}

/* Everything before the elements. */
static void header_add(struct text *t, const struct shape *shape) {
    struct text dict = {0};

    text_add(&dict, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (uint32_t i = 0; i < shape->rank; i++) text_add(&dict, "%s%zu", i ? ", " : "", shape->dim[i]);
    text_add(&dict, "%s), }", shape->rank == 1 ? "," : "");
    size_t total = PREFIX_SIZE + dict.length + 1;
    size_t padding = (ALIGNMENT - total % ALIGNMENT) % ALIGNMENT;
    text_add(&dict, "%*s\n", (int)padding, "");
    text_append(t, magic, MAGIC_SIZE);
    const char rest[] = {1, 0, (char)(dict.length & 255), (char)(dict.length >> 8)};
    text_append(t, rest, sizeof rest);
    if (!dict.failed) text_append(t, dict.data, dict.length);
    t->failed = t->failed || dict.failed;
    text_finish(&dict);
}

bool npy_write(const char *path, const struct shape *shape, const float *data, struct error *e) {
    struct text header = {0};
    size_t count = shape_count(shape);
    uint8_t *bytes = NULL;
    bool ok = false;

    header_add(&header, shape);
    if (header.failed || count > (SIZE_MAX - header.length) / 4 || !(bytes = malloc(header.length + 4 * count))) {
        error_memory(e);
        goto done;
    }
    memcpy(bytes, header.data, header.length);
    for (size_t i = 0; i < count; i++) put_float(bytes + header.length + 4 * i, data[i]);
    ok = file_write(path, bytes, header.length + 4 * count, e);
done:
    free(bytes);
    text_finish(&header);
    return ok;
}

/* What follows `'key':` in the dictionary, or NULL. */
static const char *dict_value(const char *dict, const char *key) {
    const char *at = strstr(dict, key);
    if (!at) return NULL;
    at += strlen(key);
    at += strspn(at, " ");
    if (*at != ':') return NULL;
    at++;
    return at + strspn(at, " ");
}

static bool parse_shape(const char *at, struct shape *shape) {
    *shape = (struct shape){0};
    if (*at != '(') return false;
    for (at++;; at += strspn(at, ", ")) {
        at += strspn(at, " ");
        if (*at == ')') return true;
        char digits[24];
        size_t length = strspn(at, "0123456789");
        unsigned long long value;
        if (!length || length >= sizeof digits || shape->rank == SHAPE_MAX_RANK) return false;
        memcpy(digits, at, length);
        digits[length] = '\0';
        if (!text_to_u64(digits, &value) || value > SIZE_MAX) return false;
        shape->dim[shape->rank++] = (size_t)value;
        at += length;
    }
}

struct layout {
    size_t offset, element; /* of the first element; bytes per element */
    struct shape shape;
};

static bool parse_dict(const char *path, const char *dict, struct layout *out, struct error *e) {
    const char *type = dict_value(dict, "'descr'"), *order = dict_value(dict, "'fortran_order'");
    const char *shape = dict_value(dict, "'shape'");

    if (!type || !order || !shape)
        return error_set(e, "%s: damaged .npy header: descr, fortran_order and shape were wanted", path);
    if (strncmp(type, "'<f4'", 5) == 0) out->element = 4;
    else if (strncmp(type, "'<f8'", 5) == 0) out->element = 8;
    else
        return error_set(e,
                         "%s: elements of type %.*s: float32 ('<f4') or float64 ('<f8') was wanted (NumPy: "
                         "a.astype('float32'))",
                         path, (int)strcspn(type, ",}"), type);
    if (strncmp(order, "False", 5) != 0)
        return error_set(e, "%s: Fortran order: C order was wanted (NumPy: numpy.ascontiguousarray)", path);
    if (!parse_shape(shape, &out->shape))
        return error_set(e, "%s: shape %.*s: at most %d whole numbers in brackets were wanted", path,
                         (int)strcspn(shape, "\n}"), shape, SHAPE_MAX_RANK);
    return true;
}

static bool parse_header(const char *path, const uint8_t *bytes, size_t size, struct layout *out, struct error *e) {
    if (size < PREFIX_SIZE || memcmp(bytes, magic, MAGIC_SIZE) != 0)
        return error_set(e, "%s: not a NumPy file: a .npy file was wanted", path);
    if (bytes[6] != 1) return error_set(e, "%s: .npy format %d.%d: format 1.0 was wanted", path, bytes[6], bytes[7]);
    size_t length = (size_t)get_bits(bytes + 8, 2);
    if (length > size - PREFIX_SIZE)
        return error_set(e, "%s: the file ends inside its header: the whole file was wanted", path);
    char *dict = malloc(length + 1);
    if (!dict) return error_memory(e);
    memcpy(dict, bytes + PREFIX_SIZE, length);
    dict[length] = '\0';
    bool ok = parse_dict(path, dict, out, e);
    free(dict);
    out->offset = PREFIX_SIZE + length;
    return ok;
}

/* What the header says the whole file has; a header that is wrong needs no elements to be refused. */
static size_t declared_size(const uint8_t *bytes, size_t count) {
    struct layout layout;
    size_t size;

    if (count < PREFIX_SIZE) return 0;
    size_t header = PREFIX_SIZE + (size_t)get_bits(bytes + 8, 2);
    if (memcmp(bytes, magic, MAGIC_SIZE) != 0) return header;
    if (count < header) return 0;
    if (!parse_header("", bytes, count, &layout, NULL)) return header;
    bool fits = !__builtin_mul_overflow(shape_count(&layout.shape), layout.element, &size) &&
                !__builtin_add_overflow(size, header, &size);
    return fits ? size : SIZE_MAX;
}

bool npy_read(const char *path, struct shape *shape, float **data, struct error *e) {
    uint8_t *bytes;
    size_t size;
    struct layout layout;
    float *values = NULL;
    bool ok = false;

    if (!file_read_declared(path, declared_size, &bytes, &size, e)) return false;
    if (!parse_header(path, bytes, size, &layout, e)) goto done;
    size_t count = shape_count(&layout.shape), present = size - layout.offset;
    if (present % layout.element || present / layout.element != count) {
        char text[128];
        error_set(e, "%s: %zu bytes of elements: %zu bytes each for shape %s were wanted", path, present,
                  layout.element, shape_text(&layout.shape, text, sizeof text));
        goto done;
    }
    values = malloc((count ? count : 1) * sizeof *values);
    if (!values) {
        error_memory(e);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        values[i] = get_float(bytes + layout.offset + i * layout.element, layout.element);
    *shape = layout.shape;
    *data = values;
    ok = true;
done:
    free(bytes);
    return ok;
}
