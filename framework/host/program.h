/* program.h: a program that speaks the protocol (docs/protocol.md), as a process of its own: started, called where it
 * listens, or forked by one that was started (program_server.h). */
#ifndef ASSAY_HOST_PROGRAM_H
#define ASSAY_HOST_PROGRAM_H

#include "battery/battery.h"
#include "host/frame_stream.h"
#include "workers/child.h"

struct program_server;

struct program {
    struct frame_stream stream;
    struct child child; /* pid 0: it is none of ours */
    struct program_server *server;
    int fork;     /* pid of the server's child that this is, or 0 */
    char *folder; /* its pipes and temporary files, of a fork; or NULL */
};

/* The sandbox, the limits of plugins (but for the address space, of which PyTorch alone maps 3 GiB), descriptors 3 and
 * 4. `output`: takes what it prints; -1: where this process prints. A command that cannot be run is told by the program
 * itself, in place of its hello. */
bool program_start(const struct process_spec *, int output, struct program *, struct error *);
/* The same over descriptors that the caller made: `in` for the program to read, `out` to write. They stay open here. */
bool program_launch(const struct process_spec *, int in, int out, int output, struct child *, struct error *);
/* Where it listens. */
bool program_call(const struct process_spec *, struct program *, struct error *);
/* Says good-bye, waits a little, and ends whatever is left of it. Also of a program that was never started, all zero.
 */
void program_stop(struct program *);

/* After the stream failed: behind the error, how the process ended, if it did. */
void program_tell_end(struct program *, struct error *);

#endif
