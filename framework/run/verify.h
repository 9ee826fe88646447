/* verify.h: some units of a finished run, computed again on this machine and held against what is stored. */
#ifndef ASSAY_RUN_VERIFY_H
#define ASSAY_RUN_VERIFY_H

#include "plan/control.h"
#include "store/store.h"

struct verify_request {
    const char *folder;
    const char *battery; /* in place of the path that the run has, or NULL */
    uint32_t units;      /* at most so many, at random */
    uint64_t seed;       /* which */
    unsigned jobs;
};

struct verify_outcome {
    uint32_t units, all;       /* computed again, of how many */
    uint32_t explainers;       /* that have a file */
    uint32_t other_files;      /* of those, whose file has other bytes than in the run */
    bool same_route;           /* bytes were compared; else numbers within VERIFY_TOLERANCE */
    uint32_t differing, words; /* units, and verdicts that are another word */
    double largest;            /* difference of two numbers */
};

/* Of similarities, and relative ones of checks and maps, where two compute routes round differently: a rectifier at its
 * edge may be on one side here and on the other there. (Up to 0.0055 was seen, of guided backpropagation.) */
#define VERIFY_TOLERANCE 2e-2

/* `differs` is told each unit that differs and each verdict whose word does. The run folder stays as it is: all goes on
 * in a copy in memory, as a resumed run does that lacks those units. Breaches of rows and trained networks are taken as
 * they are stored. False: nothing was found out (exit code 2, with *started 3). */
bool verify_run(struct store *, const struct verify_request *, const struct control *const *controls,
                void (*chosen)(void *, const struct verify_outcome *),
                void (*differs)(void *, const char *what, const char *how), void *user, struct verify_outcome *,
                bool *started, struct error *);

#endif
