/* conformance_case.h: what the conformance checks are told of an explainer, a network and a batch. */
#ifndef ASSAY_HOST_CONFORMANCE_CASE_H
#define ASSAY_HOST_CONFORMANCE_CASE_H

#include "explainers/explainer.h"
#include "nn/net.h"
#include "workers/helpers.h"
#include "host/memo.h"

struct conformance_case {
    const assay_explainer *explainer;
    uint32_t claims; /* for its parameters */
    double baseline; /* of COMPLETE: plugin_number(plugin, "baseline", 0) */
    bool all_claims; /* also those that controls ask of a row in a run; and a path of which a part is missing is a
                        breach, no warning */
    bool linear;     /* a network without rectifiers by design: backward rules for them are not refused */
    const struct weights *weights;
    struct net_options net;
    struct helpers helpers;          /* who may help */
    struct memo *memo;               /* of the network's answers, borrowed; NULL: one of its own */
    void (*before_call)(void *user); /* before each call of the explainer, for time limits; or NULL */
    void *before_call_user;
    const char *kind;        /* of the network: HANDLE_KIND_... (handle.h), or NULL */
    bool called;             /* before_call also for each frame of a program that was called */
    bool program;            /* a program, which has words of its own */
    const float *background; /* [background_count][sample] (handle_background), or NULL: the inputs below */
    uint32_t background_count;
    uint32_t n;              /* 1 or more; 2 or more distinct samples to see a mixed-up batch */
    const float *inputs;     /* [n][sample] */
    const uint32_t *targets; /* [n] */
    const uint64_t *seeds;   /* [n] */
};

#endif
