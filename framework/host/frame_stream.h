/* frame_stream.h: frames over two descriptors, one of which may be the other. Errors are ends of a sentence about who
 * is at the other end: "sent ...", "ended ...", "did not answer within 60 s". One thread. */
#ifndef ASSAY_HOST_FRAME_STREAM_H
#define ASSAY_HOST_FRAME_STREAM_H

#include "host/frame.h"

#include <sys/types.h>

struct frame_stream {
    int in, out;     /* its own; they do not block */
    double deadline; /* by clock_seconds(); INFINITY: none */
    double limit;    /* that the deadline was made of, for the message */
    pid_t child;     /* of ours, at the other end, whose death is an end, whoever else may hold its pipes; or 0 */
    bool ended;      /* an end of file was read, or nobody reads any more */
    char *buffer;    /* bytes that were read and not yet taken: [at, end) */
    size_t at, end, capacity;
};

/* Takes both descriptors. */
void frame_stream_init(struct frame_stream *, int in, int out);
/* Closes them. Also of a stream that was not begun, all zero. */
void frame_stream_finish(struct frame_stream *);
/* What follows has so many seconds in all; INFINITY: as many as it takes. */
void frame_stream_limit(struct frame_stream *, double seconds);

/* The header of the next frame; its arrays have to be taken or skipped next. */
bool frame_receive(struct frame_stream *, struct frame *, struct error *);
bool frame_take(struct frame_stream *, struct frame *, struct error *);
bool frame_skip(struct frame_stream *, const struct frame *, struct error *);

/* `keys`: an object, which is released here; NULL: out of memory. */
bool frame_send(struct frame_stream *, json_t *keys, const struct frame_array *, size_t count, struct error *);

#endif
