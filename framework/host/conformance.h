/* conformance.h: whether an explainer keeps the rules of the ABI and its own claims. Asked before any control: a breach
 * is ERROR, never PASS or FAIL.
 *
 * What it costs: the batch is asked twice, up to 16 of its positions alone (all of a smaller batch; else the first, the
 * last and a seeded sample of the rest), and four of these together with other seeds, and with other targets where the
 * method claims to be blind to them. A method whose passes are for one input at a time, as those of most dear ones are,
 * pays for the batch once and for the four with other seeds: the network's answers to all other calls are in the memo.
 * One that passes whole batches pays three or four passes for each input, and one pass costs little.
 *
 * Foreign code runs here, with this process's memory: the caller makes the call inside a child process (isolate.h,
 * pool.h). The report is plain data, so that it can be sent through a pipe as it is. */
#ifndef ASSAY_HOST_CONFORMANCE_H
#define ASSAY_HOST_CONFORMANCE_H

#include "base/error.h"
#include "explainers/explainer.h"
#include "nn/net.h"
#include "workers/helpers.h"
#include "host/memo.h"

/* How the sentence of a breach begins that is the network's fault and not the explainer's. */
#define CONFORMANCE_NETWORK "The network's "

#define CONFORMANCE_MAX 16
#define CONFORMANCE_SENTENCE 240
/* Calls of the explainer that all checks make at most, its creation and its end among them. */
#define CONFORMANCE_CALLS 48u

enum conformance_state {
    CONFORMANCE_OK,
    CONFORMANCE_BREACH,
    CONFORMANCE_WARNING,    /* worth a look, but no breach: completeness at this step count */
    CONFORMANCE_UNSUPPORTED /* does not apply: not claimed, or not testable on this model */
};
const char *conformance_state_name(enum conformance_state); /* "ok", "breach", "warning", "unsupported" */

struct conformance_line {
    char id[24]; /* "written", "finite", "guard", "untouched", "weights", "repeat", "batch", ... */
    enum conformance_state state;
    char sentence[CONFORMANCE_SENTENCE];
};

struct conformance_report {
    bool unsupported; /* the plugin itself answered ASSAY_UNSUPPORTED: a SKIP, and `why` is the reason */
    char why[CONFORMANCE_SENTENCE];
    uint64_t forward, backward; /* samples passed through the network by the first call, for the cost of a plan */
    char inspected[CONFORMANCE_SENTENCE]; /* the layer it looked at last, with its shape; or "" */
    uint64_t ruled;                       /* of these, under a backward rule other than the gradient */
    uint32_t count;
    struct conformance_line lines[CONFORMANCE_MAX];
};

struct conformance_case {
    const assay_explainer *explainer;
    uint32_t claims; /* for its parameters */
    double baseline; /* of COMPLETE: plugin_number(plugin, "baseline", 0) */
    const struct weights *weights;
    struct net_options net;
    struct helpers helpers;          /* who may help */
    struct memo *memo;               /* of the network's answers, borrowed; NULL: one of its own */
    void (*before_call)(void *user); /* before each call of the explainer, for time limits; or NULL */
    void *before_call_user;
    uint32_t n;              /* 1 or more; 2 or more distinct samples to see a mixed-up batch */
    const float *inputs;     /* [n][sample] */
    const uint32_t *targets; /* [n] */
    const uint64_t *seeds;   /* [n] */
};

/* Runs every check. False only when the checks themselves could not be made (memory, a network that fails). */
bool conformance_check(const struct conformance_case *, struct conformance_report *, struct error *);

/* Whether a report may be what conformance_check wrote: foreign code ran where it comes from. */
bool conformance_report_check(const struct conformance_report *);
/* In the sender: makes its texts lines of UTF-8 without control characters. */
void conformance_report_clean(struct conformance_report *);

/* The first breach, or NULL. */
const struct conformance_line *conformance_breach(const struct conformance_report *);

#endif
