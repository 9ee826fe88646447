/* conformance_trial.h: private to conformance*.c: an explainer under examination, and the requests that it is asked. */
#ifndef ASSAY_HOST_CONFORMANCE_TRIAL_H
#define ASSAY_HOST_CONFORMANCE_TRIAL_H

#include "host/call.h"
#include "host/conformance_case.h"
#include "host/conformance_report.h"

/* Positions of a batch that are asked alone, and samples of a group that is asked with other seeds or targets. */
#define TRIAL_SINGLES 16u
#define TRIAL_GROUP 4u

struct trial {
    const struct conformance_case *given;
    struct net *net;
    struct memo *memo; /* where the caller gave none */
    struct handle *handle;
    struct call call;
    size_t count;                    /* elements of one map */
    float *first, *second, *scratch; /* [n][count] results; [count] */
    uint32_t singles[TRIAL_SINGLES]; /* positions in ascending order: the first and the last are among them */
    uint32_t single_count;
    uint32_t group_count; /* some of them, copied side by side */
    float *group_inputs;  /* [group_count][count] */
    float *group_maps;    /* [group_count][count] results */
    uint32_t group_targets[TRIAL_GROUP];
    uint64_t group_seeds[TRIAL_GROUP];
    char (*digests)[65]; /* [value_count] of the parameters before the first call */
    bool failed;         /* a call after the first did not answer ASSAY_OK */
    struct conformance_report *report;
};

bool trial_init(struct trial *, const struct conformance_case *, struct conformance_report *, struct error *);
void trial_finish(struct trial *);

/* The whole batch, one sample of it, and the group. */
assay_request trial_batch(const struct trial *);
assay_request trial_single(const struct trial *, uint32_t position);
assay_request trial_group(const struct trial *);

/* out[request->n][count]; a guarded call (call.h). */
assay_status trial_call(struct trial *, const assay_request *, uint32_t nan, float *out);
/* A call that must succeed because the first did; a breach of check `id` when it does not. */
bool trial_again(struct trial *, const assay_request *, const char *id, float *out);
/* The name of the first parameter that is not as it was, or NULL. */
const char *trial_changed_weights(const struct trial *);

/* |a - b| / |b|; infinite where b is zero and a is not. */
double trial_distance(const float *a, const float *b, size_t n);
/* Whether the gradient is the same at two quite different points: then noise on the input changes nothing. */
bool trial_model_is_linear(struct trial *);
/* Asks for the group as it is and with other seeds or targets; how many of its maps that changes. */
bool trial_count_changed(struct trial *, const assay_request *other, const char *id, uint32_t *changed);

/* Adds a line to the report. */
void trial_say(const struct trial *, const char *id, enum conformance_state, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
