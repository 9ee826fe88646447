#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define READ_STEP ((size_t)1 << 16)
#define READ_LIMIT ((size_t)1 << 32) /* a whole file in memory; also what stops a gzip bomb */

static bool grow(uint8_t **data, size_t *capacity) {
    size_t wanted = *capacity ? 2 * *capacity : READ_STEP;
    uint8_t *bigger = realloc(*data, wanted + 1);
    if (!bigger) return false;
    *data = bigger;
    *capacity = wanted;
    return true;
}

/* Reads until the end, growing as bytes arrive, so that no header can ask for memory. */
static bool read_all(gzFile in, const char *path, uint8_t **data, size_t *size, struct error *e) {
    size_t capacity = 0;
    int found = Z_OK;

    for (;;) {
        if (*size == capacity) {
            if (capacity >= READ_LIMIT)
                return error_set(e, "%s: more than %zu bytes: a file that fits in memory was wanted", path, READ_LIMIT);
            if (!grow(data, &capacity)) return error_memory(e);
        }
        size_t room = capacity - *size;
        errno = 0;
        int got = gzread(in, *data + *size, (unsigned)(room < READ_STEP ? room : READ_STEP));
        if (got <= 0) break;
        *size += (size_t)got;
    }
    const char *why = gzerror(in, &found);
    if (found == Z_ERRNO) return error_set(e, "%s: %s: a readable file was wanted", path, strerror(errno));
    if (found == Z_BUF_ERROR)
        return error_set(e, "%s: the gzip stream ends early: the whole file was wanted (fetch it again)", path);
    if (found != Z_OK) return error_set(e, "%s: %s: an intact gzip stream was wanted", path, why);
    return true;
}

bool file_read(const char *path, uint8_t **data, size_t *size, struct error *e) {
    uint8_t *bytes = NULL;
    size_t count = 0;

    errno = 0;
    gzFile in = gzopen(path, "rbe");
    if (!in) return errno ? error_set(e, "%s: %s: a readable file was wanted", path, strerror(errno)) : error_memory(e);
    bool ok = read_all(in, path, &bytes, &count, e);
    gzclose_r(in);
    if (!ok) {
        free(bytes);
        return false;
    }
    bytes[count] = 0;
    *data = bytes;
    *size = count;
    return true;
}

static bool write_all(const char *path, const void *data, size_t size, struct error *e) {
    const uint8_t *at = data;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (file < 0) return error_set(e, "%s: %s: a place to write to was wanted", path, strerror(errno));
    while (size) {
        ssize_t n = write(file, at, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            int why = errno;
            close(file);
            return error_set(e, "%s: %s while writing", path, strerror(why));
        }
        at += n;
        size -= (size_t)n;
    }
    if (close(file) != 0) return error_set(e, "%s: %s while writing", path, strerror(errno));
    return true;
}

bool file_write(const char *path, const void *data, size_t size, struct error *e) {
    struct stat info;

    /* A device or a pipe (/dev/stdout, /dev/null) must be written to, not replaced. */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) return write_all(path, data, size, e);

    char *neighbour = text_format("%s.%ld.tmp", path, (long)getpid());
    if (!neighbour) return error_memory(e);
    bool ok = write_all(neighbour, data, size, e);
    if (ok && rename(neighbour, path) != 0)
        ok = error_set(e, "%s: %s: a place to write to was wanted", path, strerror(errno));
    if (!ok) unlink(neighbour);
    free(neighbour);
    return ok;
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

static void digest_finish(struct sha256_ctx *hash, char out[FILE_DIGEST_SIZE]) {
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
    FILE *in = fopen(path, "rb");

    if (!in) return error_set(e, "%s: %s: a readable file was wanted", path, strerror(errno));
    sha256_init(&hash);
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, in)) > 0;) sha256_update(&hash, n, buffer);
    bool ok = !ferror(in);
    int why = errno;
    fclose(in);
    if (!ok) return error_set(e, "%s: %s: a readable file was wanted", path, strerror(why));
    digest_finish(&hash, out);
    return true;
}

void data_digest_parts(const struct data_part *parts, size_t count, char out[FILE_DIGEST_SIZE]) {
    struct sha256_ctx hash;

    sha256_init(&hash);
    for (size_t i = 0; i < count; i++) sha256_update(&hash, parts[i].size, parts[i].data);
    digest_finish(&hash, out);
}

void data_digest(const void *data, size_t size, char out[FILE_DIGEST_SIZE]) {
    data_digest_parts(&(struct data_part){data, size}, 1, out);
}
