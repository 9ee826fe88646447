/* memory_job.h: what one process of a run takes in memory, besides what it shares with the parent. Private to
 * memory*.c. */
#ifndef ASSAY_RUN_MEMORY_JOB_H
#define ASSAY_RUN_MEMORY_JOB_H

#include "nn/net_size.h"
#include "experiment/state.h"

/* Networks of one root. */
struct root_size {
    size_t parameters; /* bytes */
    struct net_size net;
    size_t training; /* bytes of a training batch; of ROOT_LABELS */
    size_t passes;   /* bytes of one sample that are kept below re-drawn layers (net_keep) */
};

struct memory_case {
    const struct run *run;
    const struct memory_limits *limits;
    unsigned threads;                   /* that may share one sample */
    struct root_size roots[ROOT_COUNT]; /* empty where the run has no such root */
};

bool memory_case_init(struct memory_case *, const struct run *, const struct memory_limits *, unsigned threads,
                      struct error *);

/* The comparisons of one unit. */
size_t memory_of_record(const struct memory_case *);
size_t memory_of_conform(const struct memory_case *);
size_t memory_of_explain(const struct memory_case *, enum root, uint32_t row);
size_t memory_of_reference(const struct memory_case *);
size_t memory_of_training(const struct memory_case *);

#endif
