/* file.h: whole files in and out, folders, digests. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* The whole file, gunzipped when it is gzip. *data (malloc; one spare zero byte behind the end) is the
 * caller's. A truncated gzip stream is an error. */
bool file_read(const char *path, uint8_t **data, size_t *size, struct error *);

/* Writes to a temporary neighbour and renames: a reader sees the old file or the new one. */
bool file_write(const char *path, const void *data, size_t size, struct error *);

bool file_exists(const char *path);
bool file_make_folder(const char *path, struct error *); /* with its parents; a failure leaves errno */

#define FILE_DIGEST_SIZE 65
/* SHA-256 as 64 lower-case hex digits. */
bool file_digest(const char *path, char out[FILE_DIGEST_SIZE], struct error *);
void data_digest(const void *data, size_t size, char out[FILE_DIGEST_SIZE]);
/* Of all parts, one behind the other. */
struct data_part {
    const void *data;
    size_t size;
};
void data_digest_parts(const struct data_part *, size_t count, char out[FILE_DIGEST_SIZE]);

#endif
