/* onnx_external.c: tensors whose elements lie in another file beside the model. What the model says of that file is
 * untrusted: it must be in the model's folder or below it, also where links lead, and is read no further than the
 * tensor's shape asks. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "nn/onnx_proto.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Several tensors may share their bytes; a small file must not ask for all memory. */
#define MOST_SHARED 16u

struct store {
    const char *folder;  /* with its last slash; "" is the working directory */
    size_t taken, found; /* bytes given to tensors; size of the largest file */
};

/* Where a tensor's elements lie. */
struct external {
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
static bool read_location(const Onnx__TensorProto *t, struct external *out, struct error *e) {
    *out = (struct external){.location = "", .length = SIZE_MAX};
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

/* Whether links take the file out of the folder; links on the way to the folder itself do not matter. *real: where the
 * file is; the caller frees it. */
static bool follow_links(const char *folder, const char *path, char **real, struct error *e) {
    char *top = realpath(*folder ? folder : ".", NULL);
    *real = realpath(path, NULL);
    size_t n = top ? strlen(top) : 0;
    bool ok = top && *real;
    if (!ok) error_set(e, "external data: %s: %s: copy the file to where the model lies", path, strerror(errno));
    n -= n == 1; /* "/" */
    if (ok && (strncmp(*real, top, n) != 0 || ((*real)[n] != '/' && (*real)[n] != 0)))
        ok = error_set(
            e, "external data: %s: a link out of the model's folder, to %s: copy the file to where the model lies",
            path, *real);
    free(top);
    return ok;
}

/* *out: a descriptor, and the size of the file. */
static bool open_file(const char *folder, const char *path, int *out, size_t *size, struct error *e) {
    struct stat info;
    char *real = NULL;
    bool ok = follow_links(folder, path, &real, e);
    if (ok && (*out = file_open(real, e)) < 0) ok = error_prefix(e, "external data");
    free(real);
    if (!ok) return false;
    if (fstat(*out, &info) != 0) return error_set(e, "external data: %s: %s", path, strerror(errno));
    *size = (size_t)info.st_size;
    return true;
}

static bool check_size(struct store *s, const char *path, const struct external *p, size_t bytes, size_t size,
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

/* `bytes` from there into memory of the message's own. */
static bool read_bytes(int in, const struct external *from, size_t bytes, ProtobufCBinaryData *out) {
    uint8_t *data = malloc(bytes ? bytes : 1);
    size_t done = 0;
    while (data && done < bytes) {
        ssize_t n = pread(in, data + done, bytes - done, (off_t)(from->offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        done += (size_t)n;
    }
    if (!data || done < bytes) {
        free(data);
        return false;
    }
    free(out->data);
    *out = (ProtobufCBinaryData){bytes, data};
    return true;
}

static bool take(struct store *s, Onnx__TensorProto *t, size_t bytes, struct error *e) {
    struct external where;
    size_t size = 0;
    int in = -1;
    if (!read_location(t, &where, e)) return false;
    if (!stays_inside(where.location))
        return error_set(e, "external data: location '%s' leaves the model's folder: wanted a file in it",
                         where.location);
    char *path = text_format("%s%s", s->folder, where.location);
    bool ok = path ? open_file(s->folder, path, &in, &size, e) && check_size(s, path, &where, bytes, size, e)
                   : error_memory(e);
    if (ok && !read_bytes(in, &where, bytes, &t->raw_data))
        ok = error_set(e, "external data: %s: %zu bytes from byte %zu on could not be read", path, bytes, where.offset);
    if (ok) {
        t->has_raw_data = true;
        t->has_data_location = false;
        t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
    }
    if (in >= 0) close(in);
    free(path);
    return ok;
}

static bool take_if_external(struct store *s, Onnx__TensorProto *t, struct error *e) {
    if (!t || t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) return true;
    size_t bytes;
    if (!onnx_tensor_bytes(t, &bytes, e)) return false; /* which names the tensor */
    return take(s, t, bytes, e) || error_prefix(e, "tensor '%s'", onnx_text(t->name));
}

/* Those of its branches, too. */
static bool take_graph(struct store *s, Onnx__GraphProto *graph, struct error *e) {
    bool ok = true;
    for (size_t i = 0; ok && i < graph->n_initializer; i++) ok = take_if_external(s, graph->initializer[i], e);
    for (size_t i = 0; ok && i < graph->n_node; i++)
        for (size_t k = 0; ok && k < graph->node[i]->n_attribute; k++) {
            const Onnx__AttributeProto *a = graph->node[i]->attribute[k];
            ok = take_if_external(s, a->t, e) && (!a->g || take_graph(s, a->g, e));
        }
    return ok;
}

bool onnx_take_external(Onnx__GraphProto *graph, const char *model, bool *any, struct error *e) {
    const char *slash = strrchr(model, '/');
    char *folder = text_format("%.*s", slash ? (int)(slash - model + 1) : 0, model);
    struct store s = {.folder = folder};
    bool ok = folder || error_memory(e);
    ok = ok && take_graph(&s, graph, e);
    free(folder);
    *any = s.found > 0;
    return ok;
}
