/* file_stream.h: a file from its front to its end through a window, with its digest. */
#ifndef ASSAY_BASE_FILE_STREAM_H
#define ASSAY_BASE_FILE_STREAM_H

#include "base/file.h"

struct sha256_ctx;

struct file_stream {
    const char *path;       /* borrowed */
    uint8_t *bytes;         /* [count] of the file from `offset` on, and a zero behind them */
    size_t count, capacity; /* of the window */
    uint64_t offset;
    bool ended;  /* the window reaches to the end of the file */
    bool packed; /* gzip: it was unpacked, and the window is all of it */
    struct file_mark mark;
    int file;
    struct sha256_ctx *hash;
};

/* Opens it and reads what fits. To be closed either way. */
bool file_stream_open(struct file_stream *, const char *path, struct error *);
/* Forgets what lies before `from` in the window, and reads more behind it, unless it has ended. */
bool file_stream_more(struct file_stream *, size_t from, struct error *);
/* Of a stream that has ended and is not packed: the digest of what was read, which is that of the file. False where the
 * file was changed meanwhile. */
bool file_stream_digest(struct file_stream *, char digest[FILE_DIGEST_SIZE], struct error *);
void file_stream_close(struct file_stream *);

#endif
