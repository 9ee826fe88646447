/* call.h: one guarded call of an explainer: the only place where attribute() is called.
 *
 * A request goes out on copies of its arrays, and maps lie between guard words: what the explainer writes anywhere but
 * to its maps is seen and undone, in every call of a run. Maps are filled with a NaN first, so that an element that is
 * not written shows. Costs a copy and a comparison of inputs and maps, and 64 KB of guard words. */
#ifndef ASSAY_HOST_CALL_H
#define ASSAY_HOST_CALL_H

#include "host/handle.h"

/* Two NaNs that no arithmetic produces: what holds one after the first call and the other after the second was not
 * written. */
#define CALL_NAN_A 0x7fc0a5a5u
#define CALL_NAN_B 0xffc05a5au

#define CALL_WHY_SIZE 512u

struct call {
    const assay_explainer *explainer; /* borrowed */
    size_t count;                     /* elements of one map */
    uint32_t most;                    /* samples of a request */
    float *inputs;
    uint32_t *targets;
    uint64_t *seeds;
    float *arena;                    /* guard words, maps, guard words */
    const char *outside, *read_only; /* of any call so far: a sentence, or NULL */
    char why[CALL_WHY_SIZE];         /* of the last call: one line of UTF-8, "" when none was given */
};

/* Samples of one request at most, of so many inputs: enough that a batch pays, few enough that a plugin's buffers stay
 * small. */
uint32_t call_request_size(size_t elements, uint32_t inputs);

/* For requests of at most `most` samples of `count` elements; both 1 or more. Finish after a failure, too. */
bool call_init(struct call *, const assay_explainer *, size_t count, uint32_t most, struct error *);
void call_finish(struct call *);

/* In a child process. maps[n][count] are filled with `nan` where the explainer wrote nothing. */
assay_status call_make(struct call *, struct handle *, const assay_request *, uint32_t nan, float *maps);

/* What an explainer did in some call that it must not, as a sentence without its full stop: it wrote before or behind
 * its maps, or to what it may only read (inputs, targets, seeds, the model's table). NULL: nothing. */
const char *call_breach(const struct call *);

/* Whether all n words are that NaN. */
bool call_unwritten(const float *maps, size_t n, uint32_t nan);

#endif
