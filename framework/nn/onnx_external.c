/* onnx_external.c: tensors whose elements lie in another file beside the model. What the model says of that file is
 * untrusted: it must be in the model's folder or below it, and is read no further than the tensor's shape asks. */
#include "nn/onnx_proto.h"

#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Several tensors may share their bytes; a small file must not ask for all memory. */
#define MOST_SHARED 16u

struct store {
    const char *folder;  /* with its last slash; "" is the working directory */
    size_t taken, found; /* bytes given to tensors; size of the largest file */
};

/* Where a tensor's elements lie. */
struct place {
    const char *location;
    size_t offset, length; /* length SIZE_MAX: not said */
};

static bool read_size(const char *key, const char *text, size_t *out, struct error *e) {
    unsigned long long size;
    if (!text_to_u64(text, &size) || size >= SIZE_MAX)
        return error_set(e, "external data: %s '%s': wanted a number of bytes", key, text);
    *out = (size_t)size;
    return true;
}

/* Keys that are not known here, such as checksum, change nothing. */
static bool read_place(const Onnx__TensorProto *t, struct place *out, struct error *e) {
    *out = (struct place){.location = "", .length = SIZE_MAX};
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = onnx_text(t->external_data[i]->key), *value = onnx_text(t->external_data[i]->value);
        if (strcmp(key, "location") == 0) out->location = value;
        if (strcmp(key, "offset") == 0 && !read_size(key, value, &out->offset, e)) return false;
        if (strcmp(key, "length") == 0 && !read_size(key, value, &out->length, e)) return false;
    }
    return *out->location || error_set(e, "external data: no location: wanted the name of a file beside the model");
}

static bool stays_inside(const char *location) {
    if (location[0] == '/') return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == 0)) return false;
    }
    return true;
}

/* *out: open at its beginning, with its size. */
static bool open_file(const char *path, FILE **out, size_t *size, struct error *e) {
    struct stat info;
    if (stat(path, &info) != 0)
        return error_set(e, "external data: %s: %s: copy the file to where the model lies", path, strerror(errno));
    if (!S_ISREG(info.st_mode)) return error_set(e, "external data: %s: not a file", path);
    *size = (size_t)info.st_size;
    *out = fopen(path, "rb");
    return *out || error_set(e, "external data: %s: %s", path, strerror(errno));
}

static bool check_size(struct store *s, const char *path, const struct place *p, size_t bytes, size_t size,
                       struct error *e) {
    if (p->length != SIZE_MAX && p->length != bytes)
        return error_set(e, "external data: %s: a length of %zu: its shape and type want %zu bytes", path, p->length,
                         bytes);
    if (p->offset > size || bytes > size - p->offset)
        return error_set(e,
                         "external data: %s: the file has %zu bytes: wanted %zu from byte %zu on; it is cut off or "
                         "another model's",
                         path, size, bytes, p->offset);
    s->found = size > s->found ? size : s->found;
    if (bytes > s->found * MOST_SHARED - s->taken)
        return error_set(e, "external data: %s: the tensors want more than %u times what the file holds", path,
                         MOST_SHARED);
    s->taken += bytes;
    return true;
}

/* `bytes` from the place into memory of the message's own. */
static bool read_bytes(FILE *in, const struct place *p, size_t bytes, ProtobufCBinaryData *out) {
    uint8_t *data = malloc(bytes ? bytes : 1);
    bool ok = data && p->offset <= LONG_MAX && fseek(in, (long)p->offset, SEEK_SET) == 0 &&
              fread(data, 1, bytes, in) == bytes;
    if (!ok) {
        free(data);
        return false;
    }
    free(out->data);
    *out = (ProtobufCBinaryData){bytes, data};
    return true;
}

static bool take(struct store *s, Onnx__TensorProto *t, size_t bytes, struct error *e) {
    struct place place;
    size_t size = 0;
    FILE *in = NULL;
    if (!read_place(t, &place, e)) return false;
    if (!stays_inside(place.location))
        return error_set(e, "external data: location '%s' leaves the model's folder: wanted a file in it",
                         place.location);
    char *path = text_format("%s%s", s->folder, place.location);
    bool ok = path ? open_file(path, &in, &size, e) && check_size(s, path, &place, bytes, size, e) : error_memory(e);
    if (ok && !read_bytes(in, &place, bytes, &t->raw_data))
        ok = error_set(e, "external data: %s: %zu bytes from byte %zu on could not be read", path, bytes, place.offset);
    if (ok) {
        t->has_raw_data = true;
        t->has_data_location = false;
        t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
    }
    if (in) fclose(in);
    free(path);
    return ok;
}

static bool take_if_external(struct store *s, Onnx__TensorProto *t, struct error *e) {
    if (!t || t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) return true;
    size_t bytes;
    if (!onnx_tensor_bytes(t, &bytes, e)) return false; /* which names the tensor */
    return take(s, t, bytes, e) || error_prefix(e, "tensor '%s'", onnx_text(t->name));
}

bool onnx_take_external(Onnx__GraphProto *graph, const char *model, bool *any, struct error *e) {
    const char *slash = strrchr(model, '/');
    char *folder = text_format("%.*s", slash ? (int)(slash - model + 1) : 0, model);
    struct store s = {.folder = folder};
    bool ok = folder || error_memory(e);
    for (size_t i = 0; ok && i < graph->n_initializer; i++) ok = take_if_external(&s, graph->initializer[i], e);
    for (size_t i = 0; ok && i < graph->n_node; i++)
        for (size_t k = 0; ok && k < graph->node[i]->n_attribute; k++)
            ok = take_if_external(&s, graph->node[i]->attribute[k]->t, e);
    free(folder);
    *any = s.found > 0;
    return ok;
}
