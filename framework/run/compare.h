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
    struct backed held;          /* map and mask */
    float *map;                  /* [inputs + 1][reduced]: one, and behind it the originals' */
    uint8_t *mask;               /* [inputs + 1][reduced] likewise */
    float *kept;                 /* [figure inputs][reduced]: for figures */
    uint32_t *places;            /* [figure inputs] */
    struct prepared **originals; /* [inputs]: NULL beyond the first `ready`, which are prepared again when wanted */
    struct prepared *again;      /* the original of input `again_of`, one of those; or NULL */
    uint32_t ready, again_of;
    struct record_buffer out;
};

/* Bytes that a comparer of that row takes for `inputs` maps, at most; `masked`: some element of an input is zero.
 * `prepared`: of the originals that are kept prepared (view.h), so that memory does not grow with them. Where there is
 * no file for the maps (backed.h) it does. */
size_t comparer_size(const struct shape *sample, enum reduction, uint32_t inputs, bool masked, size_t prepared);

/* Finish after a failure, too. */
bool comparer_init(struct comparer *, const struct experiment_view *, uint32_t row, enum root, struct channel *,
                   struct error *);
void comparer_finish(struct comparer *);

/* What the maps of the original network are, of the n inputs from `first` on: maps[n][sample]. */
bool comparer_take_originals(struct comparer *, uint32_t first, uint32_t n, const float *maps, struct error *);

/* Which maps a unit has. */
enum comparer_maps {
    COMPARER_GIVEN, /* maps[n][sample] */
    COMPARER_AGAIN, /* the original's once more, as if they were given */
    COMPARER_SAME   /* the original's themselves */
};

/* One attribution's unit: begin, add every input in order, send. What is wrong with it comes last (`why`), and then
 * nothing of what was added is sent. False: out of memory, and nothing is sent. */
void comparer_begin(struct comparer *, uint32_t attribution);
bool comparer_add(struct comparer *, uint32_t first, uint32_t n, enum comparer_maps, const float *maps);
bool comparer_send(struct comparer *, uint32_t attribution, enum unit_status, const char *why, double seconds);

/* False, with the place, where one of maps[n][sample], of the inputs from `first` on, is NaN or infinite. */
bool comparer_finite(const struct experiment_view *, enum root root, uint32_t first, uint32_t n, const float *maps,
                     struct error *);

#endif
