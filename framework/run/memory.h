/* memory.h: what a run takes in memory, process by process, and what it gives up to keep to a budget. Every number
 * comes from what allocates: plans of networks (nn/net_size.h), comparers, arrays of inputs. What an explainer takes
 * besides is measured by its conformance job. Private to run/. */
#ifndef ASSAY_RUN_MEMORY_H
#define ASSAY_RUN_MEMORY_H

#include "experiment/state.h"

/* What an explainer may take of its own where that was not measured. */
#define MEMORY_OWN_RESERVE ((size_t)64 << 20)

struct memory_need {
    size_t parent; /* bytes of the process that plans, stores and judges */
    size_t shared; /* of what processes tell each other */
    size_t worker; /* of the largest other process, besides what it shares */
    unsigned workers;
    const char *largest; /* what that one does */
    uint32_t samples;    /* that go through its network together */
};

size_t memory_total(const struct memory_need *);

/* Of the run with these limits and that many processes beside the parent. Where conformance was not asked yet,
 * explainers take nothing of their own. */
bool memory_predict(const struct run *, const struct memory_limits *, unsigned workers, struct memory_need *,
                    struct error *);

/* With run->memory: sets run->limits, and lowers *workers, so that it is held: first smaller groups, then fewer
 * workers. `reserve`: bytes that each explainer may take of its own. Refused, naming the least that can be had, where
 * it cannot be held. Without a budget: nothing. */
bool memory_fit(struct run *, size_t reserve, unsigned *workers, struct error *);

/* The least that a run can do with. */
void memory_least(struct run *, unsigned *workers);

/* What each explainer takes of its own, of what its conformance job took, which ran within the present limits. */
bool memory_note_own(struct run *, struct error *);

#endif
