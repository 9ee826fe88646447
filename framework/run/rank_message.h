/* rank_message.h: what the processes of a run on several machines say to each other. Jobs are kind and indices; what
 * they are indices of, each process has made of the same battery. All have the same byte order, or they would not give
 * the same bytes (share_probe). Private to run/. */
#ifndef ASSAY_RUN_RANK_MESSAGE_H
#define ASSAY_RUN_RANK_MESSAGE_H

#include "run/schedule_jobs.h"
#include "workers/transport.h"

enum rank_kind {
    /* from the parent of the run */
    TELL_EXPAND,  /* a: control, b, c: draws into the plan */
    TELL_NETWORK, /* a: index; its weights */
    TELL_LABELS,  /* inputs of ROOT_LABELS are to be taken */
    TELL_WAVE,    /* a wave begins */
    TELL_JOB,     /* ticket; a record */
    TELL_CANCEL,  /* ticket: nothing more is taken of it */
    TELL_FINISH,
    /* to the parent */
    SAY_HELLO,   /* JSON: who it is, and what it computes */
    SAY_FAILED,  /* why it takes no jobs */
    SAY_MESSAGE, /* ticket, a: type; what the job sent */
    SAY_END,     /* ticket, a: a breach, b: killed from outside; the death, or nothing */
    SAY_ALIVE,   /* at least every second */
    SAY_LOG,     /* what plugins printed */
    SAY_BYE      /* the last */
};

struct rank_header {
    uint32_t kind, a, b, c;
    uint64_t ticket;
};

/* A job on its way; behind it the attributions of an explain job, or the tasks of a reference job. */
struct job_record {
    uint32_t kind, number, row, root, draw, attributions, tasks, calls;
    uint32_t skip; /* the row broke the rules since: nothing is asked */
    uint32_t reserved;
    uint64_t largest;
    double limit, cost;
};

bool rank_send(const struct transport *, uint32_t to, const struct rank_header *, const void *body, size_t size,
               struct error *);

/* The caller frees *out. */
bool job_record_make(const struct run *, const struct job *, const struct pool_job *, void **out, size_t *size,
                     struct error *);
/* Into a job (job_finish) and what the pool is told of it. Indices that the run does not have are an error. */
bool job_record_read(const struct run *, const void *data, size_t size, struct job *, struct pool_job *, bool *skip,
                     struct error *);

#endif
