/* frame.c: the header of a frame, of which nothing is trusted, and the making of one. */
#include "host/frame.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 400u

static const struct {
    const char *name;
    size_t size;
} types[] = {[FRAME_FLOAT] = {"<f4", 4}, [FRAME_UINT] = {"<u4", 4}, [FRAME_ULONG] = {"<u8", 8}};
#define TYPES (sizeof types / sizeof *types)

const char *frame_type_name(enum frame_type type) {
    return types[type].name;
}

size_t frame_array_bytes(const struct frame_array *a) {
    return shape_count(&a->shape) * types[a->type].size;
}

const struct frame_array *frame_find(const struct frame *f, const char *name) {
    for (size_t i = 0; i < f->array_count; i++)
        if (strcmp(f->arrays[i].name, name) == 0) return &f->arrays[i];
    return NULL;
}

const char *frame_text(const struct frame *f, const char *key) {
    return json_string_value(json_object_get(f->header, key));
}

void frame_finish(struct frame *f) {
    for (size_t i = 0; i < f->array_count; i++) free(f->arrays[i].data);
    free(f->arrays);
    json_decref(f->header);
    *f = (struct frame){0};
}

/* ---- What comes ---- */

static bool parse_type(const json_t *value, struct frame_array *out) {
    const char *name = json_string_value(value);
    for (size_t i = 0; name && i < TYPES; i++) {
        if (strcmp(types[i].name, name) != 0) continue;
        out->type = (enum frame_type)i;
        return true;
    }
    return false;
}

/* Dimensions whose product is at most FRAME_BYTES_MAX. */
static bool parse_shape(const json_t *list, struct shape *out) {
    size_t count = 1;
    if (!json_is_array(list) || json_array_size(list) > SHAPE_MAX_RANK) return false;
    out->rank = (uint32_t)json_array_size(list);
    for (uint32_t d = 0; d < out->rank; d++) {
        const json_t *dim = json_array_get(list, d);
        json_int_t number = json_is_integer(dim) ? json_integer_value(dim) : 0;
        if (number < 1 || (uint64_t)number > FRAME_BYTES_MAX / count) return false;
        out->dim[d] = (size_t)number;
        count *= out->dim[d];
    }
    return true;
}

static bool parse_array(const json_t *item, struct frame *f, struct error *e) {
    struct frame_array *a = &f->arrays[f->array_count];
    *a = (struct frame_array){.name = json_string_value(json_array_get(item, 0))};
    if (!a->name || !a->name[0] || strlen(a->name) > NAME_MAX_BYTES || json_array_size(item) != 3)
        return error_set(e, "sent a frame whose array %zu is not [name, type, dimensions]", f->array_count);
    if (!parse_type(json_array_get(item, 1), a))
        return error_set(e, "sent a frame whose array %s has no type of <f4, <u4, <u8", excerpt_of(a->name).text);
    if (!parse_shape(json_array_get(item, 2), &a->shape))
        return error_set(e,
                         "sent a frame whose array %s has no dimensions of this protocol: at most %d, each 1 or more, "
                         "and at most %zu bytes in all",
                         excerpt_of(a->name).text, SHAPE_MAX_RANK, FRAME_BYTES_MAX);
    if (frame_find(f, a->name)) return error_set(e, "sent a frame with array %s twice", excerpt_of(a->name).text);
    f->array_count++;
    f->bytes += frame_array_bytes(a);
    return f->bytes <= FRAME_BYTES_MAX ||
           error_set(e, "sent a frame of more than %zu bytes, which are the most", FRAME_BYTES_MAX);
}

static bool parse_arrays(struct frame *f, struct error *e) {
    const json_t *list = json_object_get(f->header, "arrays"), *bytes = json_object_get(f->header, "bytes");
    if (list && !json_is_array(list)) return error_set(e, "sent a frame whose 'arrays' is no list");
    size_t n = json_array_size(list);
    f->arrays = calloc(n + 1, sizeof *f->arrays);
    if (!f->arrays) return error_memory(e);
    for (size_t i = 0; i < n; i++)
        if (!parse_array(json_array_get(list, i), f, e)) return false;
    if (bytes && !json_is_integer(bytes)) return error_set(e, "sent a frame whose 'bytes' is no whole number");
    json_int_t announced = json_integer_value(bytes);
    if (announced < 0 || (uint64_t)announced != f->bytes)
        return error_set(e, "sent a frame of %lld bytes by 'bytes' and %zu by 'arrays'", (long long)announced,
                         f->bytes);
    return true;
}

bool frame_parse(const char *line, size_t size, struct frame *out, struct error *e) {
    json_error_t why;
    *out = (struct frame){0};
    out->header = json_read(line, size, &why);
    if (!out->header && !why.text[0]) return error_memory(e);
    bool ok = json_is_object(out->header) ||
              error_set(e, "sent a line that is no JSON object where a frame was due: %s", excerpt_of(line).text);
    if (ok) {
        out->type = frame_text(out, "type");
        ok = out->type || error_set(e, "sent a frame without a 'type'");
    }
    ok = ok && parse_arrays(out, e);
    if (!ok) frame_finish(out);
    return ok;
}

/* ---- What goes ---- */

static json_t *put_array(const struct frame_array *a) {
    json_t *dims = json_array();
    for (uint32_t d = 0; dims && d < a->shape.rank; d++)
        if (json_array_append_new(dims, json_integer((json_int_t)a->shape.dim[d])) != 0) {
            json_decref(dims);
            return NULL;
        }
    return dims ? json_pack("[s, s, o]", a->name, types[a->type].name, dims) : NULL;
}

char *frame_line(const json_t *keys, const struct frame_array *arrays, size_t count) {
    json_t *header = json_copy((json_t *)keys), *list = count ? json_array() : NULL;
    size_t bytes = 0;
    bool ok = header && (list || !count);
    for (size_t i = 0; ok && i < count; i++) {
        ok = json_array_append_new(list, put_array(&arrays[i])) == 0;
        bytes += frame_array_bytes(&arrays[i]);
    }
    if (ok && count)
        ok = json_object_set(header, "arrays", list) == 0 &&
             json_object_set_new(header, "bytes", json_integer((json_int_t)bytes)) == 0;
    char *text = ok ? json_write(header, JSON_COMPACT) : NULL;
    char *line = text ? text_format("%s\n", text) : NULL;
    free(text);
    json_decref(list);
    json_decref(header);
    return line;
}
