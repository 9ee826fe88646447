/* twin.h: networks that are another one in other words: the same function, or the same logit of one class. A map of
 * that logit that differs between the two explains something else than the function. */
#ifndef ASSAY_NN_TWIN_H
#define ASSAY_NN_TWIN_H

#include "nn/weights.h"

enum twin {
    TWIN_NEAR,       /* every weight times 1 + .001 N(0, 1); running statistics as they are */
    TWIN_UNITS,      /* hidden units in another order, and times powers of two (units.h) */
    TWIN_CONFIDENCE, /* the logits of all classes but one raised, so that the network is sure of another */
    TWIN_COUNT
};
const char *twin_name(enum twin);

/* Whether the network has one; else why not, as a sentence. False with an error in `e`: out of memory. */
bool twin_exists(const struct graph *, enum twin, bool *exists, char *why, size_t size, struct error *);
/* Whether TWIN_UNITS gives the last layer its inputs in another order. */
bool twin_reaches_last(const struct graph *, bool *reaches, struct error *);

/* Of weights `of`, in *out (the caller's). TWIN_CONFIDENCE: a copy, for twin_raise. `seed` alone decides. */
bool twin_make(enum twin, const struct weights *of, uint64_t seed, struct weights **out, struct error *);
/* Raises every logit but that of `target` by `by`, which replaces what was raised before. */
bool twin_raise(struct weights *, uint32_t target, float by, struct error *);

#endif
