/* answers.h: in one process, the maps and logits of those attributions that a check asks for beside another, until the
 * unit that carries the check is sent. Private to run/. */
#ifndef ASSAY_RUN_ANSWERS_H
#define ASSAY_RUN_ANSWERS_H

#include "experiment/view.h"
#include "run/unit_record.h"

/* One attribution's answers for some inputs of its root, one behind the other. */
struct attributed {
    uint32_t first, n;       /* place of the first among the inputs, and how many */
    const float *maps, *x;   /* [n][sample]: maps of the inputs x */
    const uint32_t *targets; /* [n]: the classes explained */
    const float *logits;     /* [n][classes]; NULL where no check wants them */
};

struct answers {
    const struct experiment_view *view; /* borrowed */
    enum root root;
    struct kept *kept; /* [attributions of the plan] */
};

/* Attributions of a root that a job of that draw keeps at most. */
uint32_t answers_most(const struct experiment_view *, enum root, uint32_t draw);

/* Finish after a failure, too. */
bool answers_init(struct answers *, const struct experiment_view *, enum root, struct error *);
void answers_finish(struct answers *);

/* Whether some check that asks for the attribution wants its logits. */
bool answers_want_logits(const struct answers *, uint32_t attribution);
/* The next attribution that a check of `owner`'s unit asks for and that was not kept yet; false: there is none. */
bool answers_lack(const struct answers *, uint32_t owner, uint32_t *attribution);
/* Keeps a copy where another attribution's unit will want it. False: out of memory. */
bool answers_keep(struct answers *, uint32_t attribution, const struct attributed *);
/* All of the attribution's were given; or, if not `ok`, there are none. */
void answers_end(struct answers *, uint32_t attribution, bool ok);
/* Bytes of memory that the answers of one attribution take while they are kept. */
size_t answers_size(size_t inputs, size_t elements, size_t outputs);

/* Puts the outcome of every check of `owner`'s unit for these inputs into the record; a check that lacks an answer is
 * left out, which the judge takes for an ERROR. `given` are the owner's own. */
void answers_check(const struct answers *, uint32_t owner, const struct attributed *given, unsigned claims,
                   struct record_buffer *);

#endif
