/* answers.h: in one process, the maps and logits of those attributions that a check asks for beside another, until the
 * unit that carries the check is sent. Private to run/. */
#ifndef ASSAY_RUN_ANSWERS_H
#define ASSAY_RUN_ANSWERS_H

#include "experiment/view.h"
#include "run/unit_record.h"

/* One attribution's answers for all inputs of its root, or why there are none. */
struct attributed {
    enum unit_status status;
    const char *why;         /* unless UNIT_OK */
    const float *maps, *x;   /* [inputs][sample]: maps of the inputs x */
    bool original;           /* the maps are those of the original: `maps` is not read */
    const uint32_t *targets; /* [inputs]: the classes explained */
    const float *logits;     /* [inputs][classes]; NULL where no check wants them */
    double seconds;
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
/* Keeps a copy where another attribution's unit will want it, or that there is none. False: out of memory. */
bool answers_keep(struct answers *, uint32_t attribution, const struct attributed *);

/* Puts the outcome of every check of `owner`'s unit, input by input, into the record; a check that lacks an answer is
 * left out, which the judge takes for an ERROR. `given` is the owner's own. */
void answers_check(const struct answers *, uint32_t owner, const struct attributed *given, unsigned claims,
                   struct record_buffer *);

#endif
