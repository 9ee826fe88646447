/* pool_state.h (private to pool*.c): a pool at work. */
#ifndef ASSAY_WORKERS_POOL_STATE_H
#define ASSAY_WORKERS_POOL_STATE_H

#include "workers/child.h"
#include "workers/pool_job.h"
#include "workers/printed.h"

#include <poll.h>

struct pool_header {
    uint32_t type, reserved;
    uint64_t size;
};

enum { POOL_BEAT = UINT32_MAX, POOL_FINISHED = UINT32_MAX - 1 };

struct worker {
    struct pool_job *job; /* NULL: free */
    struct child child;
    struct printed printed;
    double last_beat; /* moved by what the parent's hooks took for other workers since: its pipe was not read */
    uint32_t beats;
    bool finished, overdue;
    struct error breach; /* what it sent that no honest worker sends, or "" */
    unsigned char *data; /* bytes received and not yet consumed */
    size_t size, capacity;
};

struct pool {
    struct pool_job *jobs;
    size_t count;
    struct worker *workers;
    unsigned worker_count, running;
    struct pollfd *fds;  /* [2 * worker_count] pipes and outputs */
    pid_t *others;       /* [worker_count] */
    struct cores *cores; /* worker_count of them */
    struct child_adoption adoption;
    double hooked; /* seconds in hooks so far */
    const struct pool_remote *remote;
    unsigned away; /* jobs that run there */
    bool over;     /* hooks->more says that nothing comes any more */
    int log;
    const struct pool_hooks *hooks;
    void *user;
};

/* Reads what is there; *end is set at end of file, and when nothing more is to come. False: the harness failed. */
bool pool_receive(struct pool *, struct worker *, bool *end, struct error *);
/* The same of a message that is there. */
bool pool_take(struct pool *, struct pool_job *, uint32_t type, const void *data, size_t size, struct error *breach,
               struct error *);

#endif
