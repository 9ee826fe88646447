/* pool.h: jobs in child processes (child.h), a few at a time. A child inherits the parent's memory at the fork, works,
 * and sends messages through a pipe; whatever kills it costs its own job and nothing else. Only the parent touches the
 * store.
 *
 * A plugin shares its process with the code that sends messages, so that it can send whatever it likes. Hence a job
 * declares before it starts what it may take, and the parent holds it to that:
 *   time      at most `limit` seconds from one beat to the next, and `calls` beats: (calls + 1) * limit seconds in all,
 *             and `start` seconds more before the first.
 *             More is not to be had by any message, and a call of a plugin may take `limit` seconds anyway.
 *   memory    at most `largest` bytes in a message. */
#ifndef ASSAY_WORKERS_POOL_H
#define ASSAY_WORKERS_POOL_H

#include "workers/pool_job.h"

/* Runs all jobs, `workers` at a time. `log`: file descriptor that takes what children print (printed.h); -1:
 * standard error. False: a hook failed, or the program was told to end (interrupt.h); no child is left. */
bool pool_run(struct pool_job *jobs, size_t count, unsigned workers, int log, const struct pool_hooks *, void *user,
              struct error *);

/* The same, with workers elsewhere besides, or NULL. */
bool pool_run_with(struct pool_job *jobs, size_t count, unsigned workers, int log, const struct pool_hooks *,
                   void *user, const struct pool_remote *, struct error *);

#endif
