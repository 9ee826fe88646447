/* The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Six bytes of magic, two of version, a
 * little-endian length (two bytes; four from version 2 on), a Python dictionary as text, then the elements. */
#include "base/npy.h"
#include "base/file.h"
#include "base/text.h"

#include <math.h>
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

static double get_half(uint64_t bits) {
    int exponent = (int)(bits >> 10 & 31);
    double fraction = (double)(bits & 1023), sign = bits >> 15 & 1 ? -1 : 1;

    if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static double get_single(uint64_t bits) {
    uint32_t half = (uint32_t)bits;
    float value;
    memcpy(&value, &half, sizeof value);
    return (double)value;
}

static double get_double(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double get_unsigned(uint64_t bits) {
    return (double)bits;
}

static double get_signed_1(uint64_t bits) {
    return (double)(int8_t)bits;
}

static double get_signed_2(uint64_t bits) {
    return (double)(int16_t)bits;
}

static double get_signed_4(uint64_t bits) {
    return (double)(int32_t)bits;
}

static double get_signed_8(uint64_t bits) {
    return (double)(int64_t)bits;
}

/* By NumPy's letters for them, behind the mark of the order of bytes. */
static const struct element_type {
    const char *code;
    size_t size;
    double (*get)(uint64_t bits);
} element_types[] = {
    {"f4", 4, get_single},   {"f8", 8, get_double},   {"f2", 2, get_half},     {"u1", 1, get_unsigned},
    {"u2", 2, get_unsigned}, {"u4", 4, get_unsigned}, {"u8", 8, get_unsigned}, {"b1", 1, get_unsigned},
    {"i1", 1, get_signed_1}, {"i2", 2, get_signed_2}, {"i4", 4, get_signed_4}, {"i8", 8, get_signed_8},
};

/* The text of a descr, "'<f4'": NULL when it is of another kind. */
static const struct element_type *find_type(const char *descr) {
    for (size_t i = 0; i < sizeof element_types / sizeof *element_types; i++) {
        const struct element_type *type = &element_types[i];
        bool marked = descr[0] == '\'' && descr[1] && strchr(type->size > 1 ? "<>=" : "|<>=", descr[1]);
        if (marked && strncmp(descr + 2, type->code, 2) == 0 && descr[4] == '\'') return type;
    }
    return NULL;
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
    const struct element_type *type;
    bool big_endian;
    struct shape shape;
};

static bool parse_dict(const char *path, const char *dict, struct layout *out, struct error *e) {
    const char *type = dict_value(dict, "'descr'"), *order = dict_value(dict, "'fortran_order'");
    const char *shape = dict_value(dict, "'shape'");

    if (!type || !order || !shape)
        return error_set(e, "%s: damaged .npy header: descr, fortran_order and shape were wanted", path);
    out->type = find_type(type);
    if (!out->type)
        return error_set(e,
                         "%s: elements of type %.*s: float16, float32, float64, bool or whole numbers wanted (NumPy: "
                         "a.astype('float32'))",
                         path, (int)strcspn(type, ",}"), type);
    out->element = out->type->size;
    out->big_endian = type[1] == '>';
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

static float get_float(const struct layout *layout, const uint8_t *at) {
    uint64_t bits = 0;

    if (!layout->big_endian) bits = get_bits(at, layout->element);
    for (size_t i = 0; layout->big_endian && i < layout->element; i++) bits = bits << 8 | at[i];
    return (float)layout->type->get(bits);
}

bool npy_decode(const char *name, const uint8_t *bytes, size_t size, struct npy_array *out, struct error *e) {
    struct layout layout;
    char text[128];

    if (!parse_header(name, bytes, size, &layout, e)) return false;
    size_t count = shape_count(&layout.shape), present = size - layout.offset;
    if (present % layout.element || present / layout.element != count)
        return error_set(e, "%s: %zu bytes of elements: %zu bytes each for shape %s were wanted", name, present,
                         layout.element, shape_text(&layout.shape, text, sizeof text));
    float *values = malloc((count ? count : 1) * sizeof *values);
    if (!values) return error_memory(e);
    for (size_t i = 0; i < count; i++) values[i] = get_float(&layout, bytes + layout.offset + i * layout.element);
    *out = (struct npy_array){layout.shape, values, strcmp(layout.type->code, "u1") == 0};
    return true;
}

bool npy_load(const char *path, struct npy_array *out, struct error *e) {
    uint8_t *bytes;
    size_t size;

    if (!file_read_declared(path, declared_size, &bytes, &size, e)) return false;
    bool ok = npy_decode(path, bytes, size, out, e);
    free(bytes);
    return ok;
}

bool npy_read(const char *path, struct shape *shape, float **data, struct error *e) {
    struct npy_array array;

    if (!npy_load(path, &array, e)) return false;
    *shape = array.shape;
    *data = array.values;
    return true;
}
