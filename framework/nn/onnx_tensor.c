/* onnx_tensor.c: TensorProto into arrays. */
#include "nn/onnx_proto.h"

#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "raw_data is little-endian and is copied as it is"
#endif

/* How the elements of one data type lie in the file and what they become. */
struct element {
    int32_t type;
    size_t raw_size;
    /* Elements in the typed field, and one of them. */
    size_t (*count)(const Onnx__TensorProto *);
    float (*number)(const Onnx__TensorProto *, const uint8_t *raw, size_t i);    /* either this */
    int64_t (*integer)(const Onnx__TensorProto *, const uint8_t *raw, size_t i); /* or this */
};

static size_t float_count(const Onnx__TensorProto *t) {
    return t->n_float_data;
}
static size_t double_count(const Onnx__TensorProto *t) {
    return t->n_double_data;
}
static size_t int64_count(const Onnx__TensorProto *t) {
    return t->n_int64_data;
}
static size_t int32_count(const Onnx__TensorProto *t) {
    return t->n_int32_data;
}

static size_t uint64_count(const Onnx__TensorProto *t) {
    return t->n_uint64_data;
}

static float float_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    if (!raw) return t->float_data[i];
    float x;
    memcpy(&x, raw + i * sizeof x, sizeof x);
    return x;
}

static float double_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    if (!raw) return (float)t->double_data[i];
    double x;
    memcpy(&x, raw + i * sizeof x, sizeof x);
    return (float)x;
}

static uint16_t bits16(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    uint16_t bits = raw ? 0 : (uint16_t)t->int32_data[i];
    if (raw) memcpy(&bits, raw + i * sizeof bits, sizeof bits);
    return bits;
}

static float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* IEEE 754 binary16: 5 bits of exponent, 10 of fraction. */
static float half_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    uint32_t bits = bits16(t, raw, i), sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31, part = bits & 1023;
    if (exponent == 31) return float_of_bits(sign | 0x7f800000u | part << 13);
    if (exponent) return float_of_bits(sign | (exponent + 112) << 23 | part << 13);
    return (sign ? -0x1p-24f : 0x1p-24f) * (float)part;
}

/* The upper half of a float32. */
static float brain_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    return float_of_bits((uint32_t)bits16(t, raw, i) << 16);
}

/* The least number stands for minus infinity (the end of a Slice, say), and in memory for GRAPH_BATCH: the next does as
 * well. */
static int64_t int64_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    int64_t x = 0;
    if (raw) memcpy(&x, raw + i * sizeof x, sizeof x);
    else x = t->int64_data[i];
    return x == INT64_MIN ? INT64_MIN + 1 : x;
}

static int64_t int32_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    if (!raw) return t->int32_data[i];
    int32_t x;
    memcpy(&x, raw + i * sizeof x, sizeof x);
    return x;
}

static int64_t uint64_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    uint64_t x = 0;
    if (raw) memcpy(&x, raw + i * sizeof x, sizeof x);
    else x = t->uint64_data[i];
    return x > INT64_MAX ? INT64_MAX : (int64_t)x;
}

static int64_t uint32_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    uint32_t x = 0;
    if (raw) memcpy(&x, raw + i * sizeof x, sizeof x);
    else x = (uint32_t)t->uint64_data[i];
    return x;
}

static int64_t int16_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    return (int16_t)bits16(t, raw, i);
}

static int64_t uint16_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    return bits16(t, raw, i);
}

static int64_t int8_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    return raw ? (int8_t)raw[i] : t->int32_data[i];
}

static int64_t uint8_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    return raw ? raw[i] : t->int32_data[i];
}

static int64_t bool_get(const Onnx__TensorProto *t, const uint8_t *raw, size_t i) {
    return raw ? raw[i] != 0 : t->int32_data[i] != 0;
}

static const struct element elements[] = {
    {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, sizeof(float), float_count, float_get, NULL},
    {ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE, sizeof(double), double_count, double_get, NULL},
    {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16, 2, int32_count, half_get, NULL},
    {ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16, 2, int32_count, brain_get, NULL},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT64, sizeof(int64_t), int64_count, NULL, int64_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT32, sizeof(int32_t), int32_count, NULL, int32_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT16, 2, int32_count, NULL, int16_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT8, 1, int32_count, NULL, int8_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT64, sizeof(uint64_t), uint64_count, NULL, uint64_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT32, sizeof(uint32_t), uint64_count, NULL, uint32_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT16, 2, int32_count, NULL, uint16_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT8, 1, int32_count, NULL, uint8_get},
    {ONNX__TENSOR_PROTO__DATA_TYPE__BOOL, 1, int32_count, NULL, bool_get},
};

static const struct element *element_find(const Onnx__TensorProto *t, const char *name, struct error *e) {
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (elements[i].type == t->data_type) return &elements[i];
    const ProtobufCEnumValue *type =
        protobuf_c_enum_descriptor_get_value(&onnx__tensor_proto__data_type__descriptor, t->data_type);
    error_set(e, "tensor '%s' holds elements of type %s: wanted floating-point numbers, integers or BOOL", name,
              type ? type->name : "unknown");
    return NULL;
}

static bool read_shape(const Onnx__TensorProto *t, const char *name, struct shape *out, size_t *count,
                       struct error *e) {
    if (t->n_dims > SHAPE_MAX_RANK)
        return error_set(e, "tensor '%s' has %zu dimensions: at most %d are supported", name, t->n_dims,
                         SHAPE_MAX_RANK);
    *out = (struct shape){.rank = (uint32_t)t->n_dims};
    *count = 1;
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0)
            return error_set(e, "tensor '%s' has dimension %lld: wanted 0 or more", name, (long long)t->dims[i]);
        out->dim[i] = (size_t)t->dims[i];
        if (__builtin_mul_overflow(*count, out->dim[i], count))
            return error_set(e, "tensor '%s' has more elements than memory can address", name);
    }
    return true;
}

bool onnx_tensor_bytes(const Onnx__TensorProto *t, size_t *out, struct error *e) {
    const struct element *element = element_find(t, onnx_text(t->name), e);
    struct shape shape;
    if (!element || !read_shape(t, onnx_text(t->name), &shape, out, e)) return false;
    return !__builtin_mul_overflow(*out, element->raw_size, out) ||
           error_set(e, "tensor '%s' asks for more bytes than memory can address", onnx_text(t->name));
}

/* Weights are most of a file, and lie in memory as they are wanted. */
static bool borrow_floats(const Onnx__TensorProto *t, const uint8_t *raw, size_t count, struct onnx_array *out) {
    const void *data = raw ? (const void *)raw : t->float_data;
    if (t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT || !count || (uintptr_t)data % sizeof(float)) return false;
    out->floats = data;
    return true;
}

/* `count` elements are in the file, so that their size cannot overflow. */
static bool convert(const Onnx__TensorProto *t, const uint8_t *raw, const struct element *element, size_t count,
                    struct onnx_array *out) {
    float *floats = element->number ? malloc(count ? count * sizeof *floats : 1) : NULL;
    int64_t *ints = element->number ? NULL : malloc(count ? count * sizeof *ints : 1);
    for (size_t i = 0; i < count && floats; i++) floats[i] = element->number(t, raw, i);
    for (size_t i = 0; i < count && ints; i++) ints[i] = element->integer(t, raw, i);
    out->floats = floats;
    out->ints = ints;
    out->owned = floats ? (void *)floats : ints;
    return out->owned;
}

bool onnx_array_read(const Onnx__TensorProto *t, struct onnx_array *out, struct error *e) {
    const char *name = onnx_text(t->name);
    const uint8_t *raw = t->has_raw_data ? t->raw_data.data : NULL;
    char shape[96];
    size_t count = 0, held;

    *out = (struct onnx_array){.floats = NULL};
    if (t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return error_set(e, "tensor '%s' is stored in another file (external data): a model in memory has none", name);
    const struct element *element = element_find(t, name, e);
    if (!element || !read_shape(t, name, &out->shape, &count, e)) return false;
    /* An empty raw_data may stand beside a typed field. */
    if (raw && t->raw_data.len == 0 && element->count(t)) raw = NULL;
    held = t->has_raw_data && raw ? t->raw_data.len / element->raw_size : element->count(t);
    if (held != count || (raw && t->raw_data.len % element->raw_size))
        return error_set(e, "tensor '%s' holds %zu elements: its shape %s wants %zu", name, held,
                         shape_text(&out->shape, shape, sizeof shape), count);
    return borrow_floats(t, raw, count, out) || convert(t, raw, element, count, out) || error_memory(e);
}

void onnx_array_finish(struct onnx_array *array) {
    free(array->owned);
    *array = (struct onnx_array){.floats = NULL};
}
