/* file_stream.c: a window that moves over a file. Whatever its size, each byte is read once, and hashed on the way. */
#include "base/file_stream.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW ((size_t)1 << 20)

static bool read_fail(const struct file_stream *s, struct error *e) {
    return error_set(e, "%s: %s: a readable file was wanted", s->path, strerror(errno));
}

/* Until the window is full. */
static bool fill(struct file_stream *s, struct error *e) {
    while (s->count < s->capacity && !s->ended) {
        ssize_t n = read(s->file, s->bytes + s->count, s->capacity - s->count);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return read_fail(s, e);
        sha256_update(s->hash, (size_t)n, s->bytes + s->count);
        s->count += (size_t)n;
        s->ended = n == 0;
    }
    s->bytes[s->count] = 0;
    return true;
}

bool file_stream_more(struct file_stream *s, size_t from, struct error *e) {
    s->count -= from;
    s->offset += from;
    if (from) memmove(s->bytes, s->bytes + from, s->count);
    if (s->count > s->capacity / 2) { /* what is kept would leave little room */
        uint8_t *bigger = realloc(s->bytes, 2 * s->capacity + 1);
        if (!bigger) return error_memory(e);
        s->bytes = bigger;
        s->capacity *= 2;
    }
    return fill(s, e);
}

/* Unpacked whole: nothing can be found again in it by its place in the file. */
static bool unpack(struct file_stream *s, struct error *e) {
    free(s->bytes);
    s->bytes = NULL;
    s->packed = s->ended = true;
    return file_read(s->path, &s->bytes, &s->count, e);
}

bool file_stream_open(struct file_stream *s, const char *path, struct error *e) {
    *s = (struct file_stream){.path = path, .file = file_open(path, e)};
    if (s->file < 0) return false;
    if (!file_mark(s->file, &s->mark)) return read_fail(s, e);
    s->capacity = WINDOW;
    s->bytes = malloc(s->capacity + 1);
    s->hash = malloc(sizeof *s->hash);
    if (!s->bytes || !s->hash) return error_memory(e);
    sha256_init(s->hash);
    if (!fill(s, e)) return false;
    return s->count < 2 || s->bytes[0] != 0x1f || s->bytes[1] != 0x8b || unpack(s, e);
}

bool file_stream_digest(struct file_stream *s, char digest[FILE_DIGEST_SIZE], struct error *e) {
    struct file_mark now;

    if (!file_mark(s->file, &now)) return read_fail(s, e);
    if (!file_mark_same(&now, &s->mark)) return file_changed(s->path, e);
    sha256_text(s->hash, digest);
    return true;
}

void file_stream_close(struct file_stream *s) {
    if (s->file >= 0) close(s->file);
    free(s->bytes);
    free(s->hash);
    *s = (struct file_stream){.file = -1};
}
