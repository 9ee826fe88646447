/* share.h: one of several runs that share the jobs of a battery (assay run --shard). Which jobs are whose follows from
 * the plan alone, so that no two shares compute the same, whatever was interrupted. A share goes on to the next wave
 * only with what it has: what rests on jobs of others waits until the stores are put together (merge.h). It judges
 * nothing. Private to run/. */
#ifndef ASSAY_RUN_SHARE_H
#define ASSAY_RUN_SHARE_H

#include "run/schedule_jobs.h"

/* Drops the jobs of others. run->others: how many there are whose units the store lacks, trainings apart. */
void share_take(struct wave_state *);

/* Before anything of the folder is changed: it holds no other share, and no run with verdicts. */
bool share_check(struct run *, struct error *);
/* When the folder is this run's. */
bool share_begin(struct run *, struct error *);
/* Whether this machine computes what those of the shards did, where the store was put together of shards. */
bool share_check_machine(const struct run *, struct error *);
/* A run that is whole says nothing of shards. */
bool share_forget(struct run *, struct error *);
/* Seals what was computed. */
bool share_end(struct run *, struct error *);

/* What the harness itself computes of the model, logits and gradients, on this machine: equal digests, and stores may
 * be put together. */
bool share_probe(const struct run *, char digest[65], struct error *);

/* What a store says of its share; parts 0: it is none. */
struct share_record {
    struct share share;
    bool ended;
    char probe[65];
};
bool share_read(struct store *, struct share_record *, struct error *);

#define META_SHARE "shard"
#define META_PROBE "probe"
#define META_UNSUPPORTED "unsupported/"

#endif
