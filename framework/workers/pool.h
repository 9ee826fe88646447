/* pool.h: jobs in child processes, a few at a time. A child inherits the parent's memory at the fork, works, and sends
 * messages through a pipe; whatever kills it costs its own job and nothing else. Only the parent touches the store. */
#ifndef ASSAY_WORKERS_POOL_H
#define ASSAY_WORKERS_POOL_H

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

struct pool_hooks {
    /* In the child. Returning is the normal end; the messages sent are the result. */
    void (*work)(void *user, struct pool_job *, struct channel *);
    /* In the parent, for each message. A failure ends the whole pool. */
    bool (*message)(void *user, struct pool_job *, uint32_t type, const void *data, size_t size, struct error *);
    /* In the parent, when the child is gone. death: NULL after a normal end, else how it died, as a sentence part ("was
     * killed by signal 11 (Segmentation fault)"). */
    bool (*ended)(void *user, struct pool_job *, const char *death, struct error *);
    /* In the parent, after every change and at least twice a second; may be NULL. */
    void (*tick)(void *user, uint32_t running);
    /* In the parent, as often; may be NULL. True ends every job and fails the pool. */
    bool (*interrupted)(void *user);
};

struct pool_job {
    void *user;
    unsigned rank; /* those of a lower one start first */
    double cost;   /* any unit; among equals dearer jobs start first */
    double limit;  /* seconds between two beats */
    /* Whether the job can start yet; NULL: at once. Asked again after every job that ends. */
    bool (*ready)(const struct pool_job *);
    enum { POOL_WAITING, POOL_RUNNING, POOL_ENDED } state;
};

/* Runs all jobs, `workers` at a time. `log`: file descriptor that takes what children print to stdout and stderr. */
bool pool_run(struct pool_job *jobs, size_t count, unsigned workers, int log, const struct pool_hooks *, void *user,
              struct error *);

#endif
