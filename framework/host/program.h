/* program.h: a session with a program that speaks the protocol (docs/protocol.md): with a process that was started for
 * it, one that runs already, or a fork of one that was started before (program_server.h). */
#ifndef ASSAY_HOST_PROGRAM_H
#define ASSAY_HOST_PROGRAM_H

#include "battery/battery.h"
#include "host/frame_stream.h"
#include "host/program_server.h"
#include "workers/child.h"

struct program {
    struct frame_stream stream;
    struct child child;       /* pid 0: it was called, or is a fork */
    struct program_fork fork; /* of one; else zero */
    bool broken;              /* its session came to no good end: it is given no time to end */
};

/* As program_launch(), over pipes. */
bool program_start(const struct process_spec *, int output, struct program *, struct error *);
/* Where it listens. */
bool program_call(const struct process_spec *, struct program *, struct error *);
/* A fork, within so many seconds. */
bool program_fork(struct program_server *, double seconds, struct program *, struct error *);
/* Says good-bye, waits a little, and ends whatever is left of it. Also after a failure, and of a zeroed one. */
void program_stop(struct program *);

/* After the stream failed: behind the error, how the process ended, if it did. */
void program_tell_end(struct program *, struct error *);

#endif
