/* file.c: regular files read whole, plain or gzipped; written so that no reader sees half of one; digests by SHA-256.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "base/file.h"

#include "base/sizes.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define READ_STEP ((size_t)1 << 16)
#define READ_LIMIT ((size_t)1 << 32) /* a whole file in memory; also what stops a gzip bomb */

/* What the path names, where it is no file. */
static const char *kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

/* Looks before it opens, as opening has effects on devices and pipes, and again afterwards, as another may be there by
 * then; O_NONBLOCK, as even opening that one must not wait. */
int file_open(const char *path, struct error *e) {
    struct stat info;
    int file = -1;

    bool there = stat(path, &info) == 0;
    if (there && S_ISREG(info.st_mode)) {
        file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        there = file >= 0 && fstat(file, &info) == 0;
        if (there && S_ISREG(info.st_mode)) return file;
    }
    if (there) error_set(e, "%s: %s: a regular file was wanted", path, kind_of(info.st_mode));
    else error_set(e, "%s: %s: a readable file was wanted", path, strerror(errno));
    if (file >= 0) close(file);
    return -1;
}

/* A file on its way into memory. */
struct reader {
    const char *path;
    gzFile in;
    uint8_t *bytes;
    size_t count, capacity;
    size_t limit;            /* no more than this is read */
    file_declared *declared; /* NULL once it has said how many there are, or where nothing does */
};

static bool reader_grow(struct reader *r) {
    size_t wanted = r->capacity ? 2 * r->capacity : READ_STEP;
    uint8_t *bigger = realloc(r->bytes, wanted + 1);
    if (!bigger) return false;
    r->bytes = bigger;
    r->capacity = wanted;
    return true;
}

/* One byte more than the header declares is read, so that whoever asked sees that there is more. */
static void reader_limit(struct reader *r) {
    size_t declared = r->declared ? r->declared(r->bytes, r->count) : 0;
    if (!declared) return;
    if (declared < r->limit) r->limit = declared + 1;
    r->declared = NULL;
}

/* Reads until the end, growing as bytes arrive, so that no header can ask for memory. */
static bool read_all(struct reader *r, struct error *e) {
    int found = Z_OK;

    while (r->count < r->limit) {
        if (r->count == r->capacity && !reader_grow(r)) return error_memory(e);
        size_t room = size_min(size_min(r->capacity, r->limit) - r->count, READ_STEP);
        errno = 0;
        int got = gzread(r->in, r->bytes + r->count, (unsigned)room);
        if (got <= 0) break;
        r->count += (size_t)got;
        reader_limit(r);
    }
    if (r->count == READ_LIMIT)
        return error_set(e, "%s: more than %zu bytes: a file that fits in memory was wanted", r->path, READ_LIMIT);
    const char *why = gzerror(r->in, &found);
    if (found == Z_ERRNO) return error_set(e, "%s: %s: a readable file was wanted", r->path, strerror(errno));
    if (found == Z_BUF_ERROR)
        return error_set(e, "%s: the gzip stream ends early: the whole file was wanted (fetch it again)", r->path);
    if (found != Z_OK) return error_set(e, "%s: %s: an intact gzip stream was wanted", r->path, why);
    return true;
}

bool file_read(const char *path, uint8_t **data, size_t *size, struct error *e) {
    return file_read_declared(path, NULL, data, size, e);
}

bool file_read_declared(const char *path, file_declared *declared, uint8_t **data, size_t *size, struct error *e) {
    struct reader r = {.path = path, .declared = declared, .limit = READ_LIMIT};
    int file = file_open(path, e);

    if (file < 0) return false;
    r.in = gzdopen(file, "rb");
    if (!r.in) {
        close(file);
        return error_memory(e);
    }
    bool ok = read_all(&r, e);
    gzclose_r(r.in);
    if (!ok) {
        free(r.bytes);
        return false;
    }
    r.bytes[r.count] = 0;
    *data = r.bytes;
    *size = r.count;
    return true;
}

bool file_write_all(int file, const void *data, size_t size) {
    const uint8_t *at = data;

    while (size) {
        ssize_t n = write(file, at, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_path(const char *path, const void *data, size_t size, struct error *e) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (file < 0) return error_set(e, "%s: %s: a place to write to was wanted", path, strerror(errno));
    if (!file_write_all(file, data, size)) {
        int why = errno;
        close(file);
        return error_set(e, "%s: %s while writing", path, strerror(why));
    }
    if (close(file) != 0) return error_set(e, "%s: %s while writing", path, strerror(errno));
    return true;
}

/* At once. mode: of the file that is there, to be kept; NULL: that of a new file. */
static bool replace(const char *path, const mode_t *mode, const void *data, size_t size, struct error *e) {
    char *neighbour = text_format("%s.%ld.tmp", path, (long)getpid());
    if (!neighbour) return error_memory(e);
    bool ok = write_path(neighbour, data, size, e);
    if (ok && mode && chmod(neighbour, *mode & 07777) != 0)
        ok = error_set(e, "%s: %s while its mode was set", neighbour, strerror(errno));
    if (ok && rename(neighbour, path) != 0)
        ok = error_set(e, "%s: %s: a place to write to was wanted", path, strerror(errno));
    if (!ok) unlink(neighbour);
    free(neighbour);
    return ok;
}

bool file_write(const char *path, const void *data, size_t size, struct error *e) {
    struct stat info;

    /* A device or a pipe (/dev/stdout, /dev/null) must be written to, not replaced. */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) return write_path(path, data, size, e);
    return replace(path, NULL, data, size, e);
}

bool file_change(const char *path, const void *data, size_t size, struct error *e) {
    struct stat info;

    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return file_write(path, data, size, e);
    if (!(info.st_mode & 0222) || access(path, W_OK) != 0)
        return error_set(e, "%s: %s: a file that can be written was wanted", path, strerror(EACCES));
    char *real = realpath(path, NULL);
    bool ok = real ? replace(real, &info.st_mode, data, size, e)
                   : error_set(e, "%s: %s: a place to write to was wanted", path, strerror(errno));
    free(real);
    return ok;
}

char *path_from(const char *folder, const char *path) {
    size_t n = strlen(folder);

    if (path[0] == '/' || strcmp(folder, ".") == 0) return text_copy(path);
    return text_format("%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", path);
}

bool file_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

bool file_make_folder(const char *path, struct error *e) {
    struct stat info;
    char *part = text_copy(path);

    if (!part) return error_memory(e);
    for (char *slash = part; *slash;) {
        slash += strspn(slash, "/");
        slash += strcspn(slash, "/");
        char kept = *slash;
        *slash = '\0';
        int made = mkdir(part, 0777), why = errno;
        if (made != 0 && !(stat(part, &info) == 0 && S_ISDIR(info.st_mode))) {
            error_set(e, "%s: %s: a folder was wanted", part, strerror(why));
            free(part);
            errno = why;
            return false;
        }
        *slash = kept;
    }
    free(part);
    return true;
}

void sha256_text(struct sha256_ctx *hash, char out[FILE_DIGEST_SIZE]) {
    static const char hex[] = "0123456789abcdef";
    uint8_t bytes[SHA256_DIGEST_SIZE];

    sha256_digest(hash, sizeof bytes, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[2 * sizeof bytes] = '\0';
}

bool file_digest(const char *path, char out[FILE_DIGEST_SIZE], struct error *e) {
    uint8_t buffer[READ_STEP];
    struct sha256_ctx hash;
    ssize_t n;
    int file = file_open(path, e);

    if (file < 0) return false;
    sha256_init(&hash);
    while ((n = read(file, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0) sha256_update(&hash, (size_t)n, buffer);
    int why = errno;
    close(file);
    if (n < 0) return error_set(e, "%s: %s: a readable file was wanted", path, strerror(why));
    sha256_text(&hash, out);
    return true;
}

void data_digest_parts(const struct data_part *parts, size_t count, char out[FILE_DIGEST_SIZE]) {
    struct sha256_ctx hash;

    sha256_init(&hash);
    for (size_t i = 0; i < count; i++) sha256_update(&hash, parts[i].size, parts[i].data);
    sha256_text(&hash, out);
}

void data_digest(const void *data, size_t size, char out[FILE_DIGEST_SIZE]) {
    data_digest_parts(&(struct data_part){data, size}, 1, out);
}

struct digest {
    struct sha256_ctx hash;
};

struct digest *digest_begin(void) {
    struct digest *d = malloc(sizeof *d);
    if (d) sha256_init(&d->hash);
    return d;
}

void digest_add(struct digest *d, const void *data, size_t size) {
    sha256_update(&d->hash, size, data);
}

void digest_end(struct digest *d, char out[FILE_DIGEST_SIZE]) {
    if (d && out) sha256_text(&d->hash, out);
    free(d);
}

static struct file_mark mark_of(const struct stat *info) {
    return (struct file_mark){(uint64_t)info->st_dev,
                              (uint64_t)info->st_ino,
                              (uint64_t)info->st_size,
                              {(int64_t)info->st_mtim.tv_sec, (int64_t)info->st_mtim.tv_nsec},
                              {(int64_t)info->st_ctim.tv_sec, (int64_t)info->st_ctim.tv_nsec}};
}

bool file_mark(int file, struct file_mark *out) {
    struct stat info;

    if (fstat(file, &info) != 0) return false;
    *out = mark_of(&info);
    return true;
}

uint64_t file_mark_hash(const char *path) {
    struct stat info;

    if (stat(path, &info) != 0) return 0;
    const struct file_mark mark = mark_of(&info); /* seven numbers of 64 bits, and nothing between them */
    return bytes_hash_wide(&mark, sizeof mark);
}

bool file_mark_same(const struct file_mark *a, const struct file_mark *b) {
    return a->device == b->device && a->number == b->number && a->size == b->size &&
           memcmp(a->modified, b->modified, sizeof a->modified) == 0 &&
           memcmp(a->changed, b->changed, sizeof a->changed) == 0;
}

bool file_changed(const char *path, struct error *e) {
    return error_set(e,
                     "%s: changed since it was read first: a file that stays as it is wanted (start again once nothing "
                     "writes to it)",
                     path);
}

bool file_may_have(size_t size) {
    struct rlimit most;
    return getrlimit(RLIMIT_FSIZE, &most) != 0 || most.rlim_cur == RLIM_INFINITY || size <= most.rlim_cur;
}

const char *file_temporary_folder(void) {
    const char *path = getenv("TMPDIR");
    return path && *path ? path : "/tmp";
}
