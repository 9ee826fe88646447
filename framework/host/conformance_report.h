/* conformance_report.h: what the conformance checks say, as plain data that is sent through a pipe as it is. */
#ifndef ASSAY_HOST_CONFORMANCE_REPORT_H
#define ASSAY_HOST_CONFORMANCE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

/* How the sentence of a breach begins that is the network's fault and not the explainer's. */
#define CONFORMANCE_NETWORK "The network's "
/* And what is said of a program as a whole sentence. */
#define CONFORMANCE_PROGRAM "The program "

#define CONFORMANCE_MAX 16
#define CONFORMANCE_SENTENCE 400

enum conformance_state {
    CONFORMANCE_OK,
    CONFORMANCE_BREACH,
    CONFORMANCE_WARNING,     /* worth a look, but no breach: completeness at this step count */
    CONFORMANCE_UNSUPPORTED, /* does not apply: not claimed, or not testable on this model */
    CONFORMANCE_STATES
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
    uint64_t ruled;             /* of these, under a backward rule other than the gradient */
    char inspected[CONFORMANCE_SENTENCE]; /* the layer it looked at last, with its shape; or "" */
    uint32_t count;
    struct conformance_line lines[CONFORMANCE_MAX];
};

/* Whether a report may be what conformance_check wrote: foreign code ran where it comes from. */
bool conformance_report_check(const struct conformance_report *);
/* In the sender: makes its texts lines of UTF-8 without control characters. */
void conformance_report_clean(struct conformance_report *);

/* The first breach, or NULL. */
const struct conformance_line *conformance_breach(const struct conformance_report *);

#endif
