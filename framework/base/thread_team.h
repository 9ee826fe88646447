/* thread_team.h: a few threads that share the parts of one job. They only ever run what a job consists of: jobs are to
 * call neither malloc nor stdio nor a library that knows no threads, so that the process can be forked at any time. */
#ifndef ASSAY_BASE_THREAD_TEAM_H
#define ASSAY_BASE_THREAD_TEAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define THREAD_TEAM_MOST 16u

struct thread_team;

/* Part `part` of a job. No two parts with the same `worker` < thread_team_size run at the same time: memory to work in
 * can be theirs. */
typedef void thread_team_part(void *job, unsigned part, unsigned worker);

/* Of `size` workers, at most THREAD_TEAM_MOST, who are the calling thread and helpers who sleep: fewer where the system
 * has no threads left. */
bool thread_team_create(unsigned size, struct thread_team **out, struct error *);
void thread_team_destroy(struct thread_team *);
/* NULL: 1. */
unsigned thread_team_size(const struct thread_team *);

/* Runs parts [0, parts), each once, and returns when all have ended. The caller does whatever nobody has begun, so
 * that it never waits for a helper who does not come. It does all of it where the team is NULL, the process a fork of
 * the one that made it, or the team at work (in a part of another job). */
void thread_team_run(struct thread_team *, unsigned parts, thread_team_part *, void *job);

/* Elements [first, first + count) of a job. */
typedef void thread_team_range(void *job, size_t first, size_t count);
/* Runs [0, n) in ranges of `piece` elements; the last may be shorter. */
void thread_team_share(struct thread_team *, size_t n, size_t piece, thread_team_range *, void *job);

#endif
