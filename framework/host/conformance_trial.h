/* conformance_trial.h: private to conformance*.c: one request at a time, with everything around it watched. */
#ifndef ASSAY_HOST_CONFORMANCE_TRIAL_H
#define ASSAY_HOST_CONFORMANCE_TRIAL_H

#include "host/conformance.h"
#include "host/handle.h"

/* Two NaNs that no arithmetic produces: what holds one after the first call and the other after the second was not
 * written. */
#define CANARY_A 0x7fc0a5a5u
#define CANARY_B 0xffc05a5au

/* Requests go out on copies of the caller's arrays, so that a plugin that writes to them is seen and undone. */
struct trial {
    const struct conformance_case *given;
    struct net *net;
    struct memo *memo; /* where the caller gave none */
    struct handle *handle;
    assay_model model;       /* of the handle, as it was before the first call */
    size_t count;            /* elements of one map */
    const uint32_t *targets; /* [n] to ask with: the given ones, but for the check of another class */
    const uint64_t *seeds;   /* [n] likewise */
    float *sent_inputs;
    uint32_t *sent_targets;
    uint64_t *sent_seeds;
    float *arena;          /* guard, n maps, guard */
    float *first, *second; /* [n][count] results */
    char (*digests)[65];   /* [value_count] of the parameters before the first call */
    const char *touched;   /* what the plugin wrote to, or NULL */
    bool guard_broken;
    bool failed; /* a call after the first did not answer ASSAY_OK */
    char why[CONFORMANCE_SENTENCE];
    struct conformance_report *report;
};

bool trial_init(struct trial *, const struct conformance_case *, struct conformance_report *, struct error *);
void trial_finish(struct trial *);

/* Asks for the maps of samples `from`..`from + n - 1`, written over canaries, and copies them to out[n][count]. */
assay_status trial_call(struct trial *, uint32_t from, uint32_t n, uint32_t canary, float *out);
/* A call that must succeed because the first did; a breach of check `id` when it does not. */
bool trial_again(struct trial *, uint32_t from, uint32_t n, const char *id, float *out);
/* The name of the first parameter that is not as it was, or NULL. */
const char *trial_changed_weights(const struct trial *);

/* Adds a line to the report. */
void trial_say(const struct trial *, const char *id, enum conformance_state, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool words_are(const float *data, size_t n, uint32_t word, uint32_t step);

#endif
