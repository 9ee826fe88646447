/* pool_job.h: a job of the pool (pool.h), what its child and the parent do, and workers elsewhere. */
#ifndef ASSAY_WORKERS_POOL_JOB_H
#define ASSAY_WORKERS_POOL_JOB_H

#include "base/error.h"
#include "workers/helpers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel; /* the child's end of the pipe */

/* Sends one message to the parent. Ends the child when the parent is gone. */
void channel_send(struct channel *, uint32_t type, const void *data, size_t size);

/* Says that the child is alive and a new call begins: the time limit starts again. */
void channel_beat(struct channel *);

/* For the child's requests: cores that other children do not use. */
struct helpers channel_helpers(const struct channel *);

struct pool_job;

/* What the parent makes of a message. */
enum pool_answer {
    POOL_FAILURE, /* the harness itself failed (disk full, out of memory); the error says how: the whole pool ends */
    POOL_TAKEN,
    POOL_BREACH /* no honest worker sends that; the error says what, as the end of a sentence ("sent a damaged message:
                   ..."): the job is killed, and `ended` hears the error as its death */
};

struct pool_hooks {
    /* In the child, first, while the parent's descriptors are still open; NULL: nothing. No foreign code may run. */
    bool (*prepare)(void *user, struct pool_job *, struct error *);
    /* In the child. Returning is the normal end; the messages sent are the result. */
    void (*work)(void *user, struct pool_job *, struct channel *);
    /* In the parent, for each message. After a breach the job's further messages are not asked about. */
    enum pool_answer (*message)(void *user, struct pool_job *, uint32_t type, const void *data, size_t size,
                                struct error *);
    /* In the parent, before a job whose process was killed from outside starts again; NULL: it starts as it was. */
    bool (*again)(void *user, struct pool_job *, struct error *);
    /* In the parent, when the child is gone. death: NULL after a normal end, else how it died, as a sentence part ("was
     * killed by signal 11 (Segmentation fault)"). */
    bool (*ended)(void *user, struct pool_job *, const char *death, struct error *);
    /* In the parent, after every change and at least twice a second; may be NULL. */
    void (*tick)(void *user, uint32_t running);
    /* In the parent: a job beside those of the array, for a place that is free, or NULL. The pool goes on without any
     * until *over is set. NULL: there are none. */
    struct pool_job *(*more)(void *user, bool *over);
};

struct pool_job {
    void *user;
    const char *name; /* in the log, and of the process; NULL: none; borrowed */
    unsigned rank;    /* those of a lower one start first */
    double cost;      /* any unit; among equals dearer jobs start first */
    bool trusted;     /* no code but the harness's own runs in it: no sandbox and no limits of child.h */
    double limit;     /* seconds between two beats */
    double start;     /* seconds more until the first beat: what is opened before it may take long */
    uint32_t calls;   /* beats at most */
    size_t largest;   /* bytes of a message at most */
    /* Whether the job can start yet; NULL: at once. Asked again after every job that ends. */
    bool (*ready)(const struct pool_job *);
    bool once; /* killed from outside it does not start again: whoever gave it decides */
    /* The pool's own. */
    enum { POOL_WAITING, POOL_RUNNING, POOL_ENDED } state;
    bool breach;     /* it ended because of what it sent */
    unsigned killed; /* how often SIGKILL came from outside. The first time the job starts again; twice is its death. */
};

/* What comes of a job that runs elsewhere. */
struct pool_event {
    enum {
        POOL_MESSAGE, /* type, data, size; data are there until the next call of `next` */
        POOL_END,     /* death, breach, outside: as a worker of one's own ended */
        POOL_LOST     /* nobody knows: the job is to start again */
    } kind;
    size_t job; /* its place in the array */
    uint32_t type;
    const void *data;
    size_t size;
    struct error death; /* "": it ended well */
    bool breach, outside;
};

/* Workers that are no children of this process: on other machines. They hold jobs to what they declared as a pool does,
 * which is what they are. */
struct pool_remote {
    void *state;
    bool (*start)(void *state, size_t job, bool *taken, struct error *); /* *taken: false where no place is free */
    void (*cancel)(void *state, size_t job);                             /* nothing more is to come of it */
    bool (*next)(void *state, struct pool_event *, bool *there, struct error *); /* does not wait */
};

#endif
