/* team.h: a few threads that share the parts of one job. They only ever run what a job consists of: jobs are to call
 * neither malloc nor stdio nor a library that knows no threads, so that the process can be forked at any time. */
#ifndef ASSAY_BASE_TEAM_H
#define ASSAY_BASE_TEAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define TEAM_MOST 16u

struct team;

/* Part `part` of a job. No two parts with the same `worker` < team_size run at the same time: memory to work in can be
 * theirs. */
typedef void team_part(void *job, unsigned part, unsigned worker);

/* Of `size` workers, at most TEAM_MOST, who are the calling thread and helpers who sleep: fewer where the system has
 * no threads left. */
bool team_create(unsigned size, struct team **out, struct error *);
void team_destroy(struct team *);
/* NULL: 1. */
unsigned team_size(const struct team *);

/* Runs parts [0, parts), each once, and returns when all have ended. The caller does whatever nobody has begun, so
 * that it never waits for a helper who does not come. It does all of it where the team is NULL, the process a fork of
 * the one that made it, or the team at work (in a part of another job). */
void team_run(struct team *, unsigned parts, team_part *, void *job);

/* Elements [first, first + count) of a job. */
typedef void team_range(void *job, size_t first, size_t count);
/* Runs [0, n) in ranges of `piece` elements; the last may be shorter. */
void team_share(struct team *, size_t n, size_t piece, team_range *, void *job);

#endif
