/* file.h: whole files in and out, folders, digests. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A descriptor to read a regular file with, which the caller closes; -1 with the reason. A folder, pipe, socket or
 * device is refused at once: nothing waits for a writer that may never come. Every input is opened here. */
int file_open(const char *path, struct error *);

/* The whole file, gunzipped when it is gzip. *data (malloc; one spare zero byte behind the end) is the
 * caller's. A truncated gzip stream is an error. */
bool file_read(const char *path, uint8_t **data, size_t *size, struct error *);
/* The same for a format that says at its front how many bytes the whole file has: little more than that is read or
 * unpacked, so that a small gzip file cannot ask for all memory. `declared` makes the number of the bytes there are: 0
 * while they are too few to say. What is longer or shorter than declared is the caller's to refuse. */
typedef size_t file_declared(const uint8_t *bytes, size_t count);
bool file_read_declared(const char *path, file_declared *, uint8_t **data, size_t *size, struct error *);

/* Writes to a temporary neighbour and renames: a reader sees the old file or the new one. */
bool file_write(const char *path, const void *data, size_t size, struct error *);
/* The same, of a file that is the user's own: a symbolic link stays one, and what it names is changed; modes stay; what
 * is read-only is refused. */
bool file_change(const char *path, const void *data, size_t size, struct error *);

/* `path` as seen from `folder`; absolute paths stay. NULL when out of memory; caller frees. */
char *path_from(const char *folder, const char *path);
/* Writes all of it, however many calls that takes. False with errno set when one fails. */
bool file_write_all(int descriptor, const void *data, size_t size);

bool file_exists(const char *path);
bool file_make_folder(const char *path, struct error *); /* with its parents; a failure leaves errno */

#define FILE_DIGEST_SIZE 65
/* SHA-256 as 64 lower-case hex digits. */
bool file_digest(const char *path, char out[FILE_DIGEST_SIZE], struct error *);
void data_digest(const void *data, size_t size, char out[FILE_DIGEST_SIZE]);
/* The same of data that come piece by piece. NULL: out of memory. digest_end() frees it; `out` NULL: nobody wants it.
 */
struct digest;
struct digest *digest_begin(void);
void digest_add(struct digest *, const void *data, size_t size);
void digest_end(struct digest *, char out[FILE_DIGEST_SIZE]);
struct sha256_ctx;
void sha256_text(struct sha256_ctx *, char out[FILE_DIGEST_SIZE]); /* which begins anew */
/* Of all parts, one behind the other. */
struct data_part {
    const void *data;
    size_t size;
};
void data_digest_parts(const struct data_part *, size_t count, char out[FILE_DIGEST_SIZE]);

/* Which file a descriptor is of, and its last change, as far as the file system tells. */
struct file_mark {
    uint64_t device, number, size;
    int64_t modified[2], changed[2]; /* seconds and nanoseconds */
};
bool file_mark(int file, struct file_mark *out);
/* The hash of the mark of what the path names; 0 where that is not there. */
uint64_t file_mark_hash(const char *path);
bool file_mark_same(const struct file_mark *, const struct file_mark *);
/* The error of a file that is another one than before; false. */
bool file_changed(const char *path, struct error *);

/* Whether the limit on the size of files, whose signal would end the process, lets one have so many bytes. Files in
 * memory are held to it, too. */
bool file_may_have(size_t size);
/* $TMPDIR, or /tmp. Borrowed. */
const char *file_temporary_folder(void);

#endif
