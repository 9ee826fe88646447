/* program_server.h: a program that was started once and forks a copy of itself for each job (docs/protocol.md, Forks),
 * so that what it imports is paid once, and no job sees what another did.
 *
 * The program talks on named pipes in a folder of ours. The process that has opened the explainer is another one each
 * time, a child of the one that started the program; it takes a lock, asks for a fork, and opens the two named pipes of
 * that fork. Which fork is whose stands in shared memory, so that the first process can end those whose user is gone.
 */
#ifndef ASSAY_HOST_PROGRAM_SERVER_H
#define ASSAY_HOST_PROGRAM_SERVER_H

#include "host/program_hello.h"

struct program_server;

/* Starts the program and greets it, within its start limit. *out is NULL for one that does not fork: it was ended
 * again. As for program_hello. */
bool program_server_create(const struct process_spec *, struct program_server **out, struct program_hello *,
                           bool *refused, struct error *);
void program_server_destroy(struct program_server *); /* with all that it started; NULL does nothing */

/* What it prints goes to `log` from now on, with that name before each line; before, and with log < 0, it is kept. */
void program_server_log(struct program_server *, int log, const char *name);
/* Copies what was printed, and ends the forks of processes that are gone. In the process that created it. */
void program_server_tend(struct program_server *);

struct program_fork {
    struct program_server *server;
    int pid;      /* its child */
    char *folder; /* of its pipes and temporary files */
};
/* In any process: a fork, within so many seconds, and the stream to it. End it after a failure, too. */
bool program_server_fork(struct program_server *, double seconds, struct program_fork *out, struct frame_stream *,
                         struct error *);
/* Gives it so many seconds, after its stream was closed. Also of a zeroed one. */
void program_fork_end(struct program_fork *, double seconds);
/* How it ended, as child_ending() says it; as it was, where nobody knows. */
void program_fork_ending(const struct program_fork *, char *how, size_t size);

#endif
