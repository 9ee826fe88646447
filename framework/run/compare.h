/* compare.h: the maps of one row (an explainer, or a yardstick), compared with its own maps of the original network and
 * sent to the parent as units. In the child; unit_store.h is the parent's side. Private to run/. */
#ifndef ASSAY_RUN_COMPARE_H
#define ASSAY_RUN_COMPARE_H

#include "run/answers.h"

struct comparer {
    const struct experiment_view *view; /* borrowed */
    uint32_t row;
    enum root root;
    struct channel *channel;
    const struct input_set *set;
    struct map_shape shape;
    size_t full, reduced;        /* elements of a sample, and of a map after reduction */
    float *map;                  /* [inputs + 1][reduced]: the originals', and one more */
    uint8_t *mask;               /* [inputs + 1][reduced] likewise */
    float *kept;                 /* [figure inputs][reduced]: for figures */
    uint32_t *places;            /* [figure inputs] */
    struct prepared **originals; /* [inputs]: NULL beyond the first `ready`, which are prepared again when wanted */
    struct prepared *again;      /* the original of input `again_of`, one of those; or NULL */
    uint32_t ready, again_of;
    struct record_buffer out;
};

/* Bytes that a comparer of that row takes for `inputs` maps, at most; `masked`: some element of an input is zero.
 * `prepared`: of the originals that are kept prepared (view.h), so that memory does not grow with them. */
size_t comparer_size(const struct shape *sample, enum reduction, uint32_t inputs, bool masked, size_t prepared);

/* Finish after a failure, too. */
bool comparer_init(struct comparer *, const struct experiment_view *, uint32_t row, enum root, struct channel *,
                   struct error *);
void comparer_finish(struct comparer *);

/* What the maps of the original network are: maps[inputs][sample]. */
bool comparer_take_originals(struct comparer *, const float *maps, struct error *);

/* One attribution's unit, with the checks that it carries; `answers` NULL: without any. False: out of memory, and
 * nothing was sent. */
bool comparer_send(struct comparer *, uint32_t attribution, const struct attributed *, const struct answers *);

/* False, with the place, where one of maps[inputs][sample] is NaN or infinite. */
bool comparer_finite(const struct experiment_view *, enum root, const float *maps, struct error *);

#endif
