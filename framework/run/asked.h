/* asked.h: what the command line said of a run, in its store, so that others can set up the same run: `assay merge`,
 * `assay verify`. */
#ifndef ASSAY_RUN_ASKED_H
#define ASSAY_RUN_ASKED_H

#include "experiment/options.h"
#include "store/store.h"

struct asked {
    struct run_options options; /* battery, baseline, settings, seed, only, rows, controls, quick, no_canaries */
    void *held;                 /* whose strings these are */
};

bool asked_put(struct store *, const struct run_options *, struct error *);
/* `battery`: in place of the path that the store has, or NULL. An error where the store does not say. */
bool asked_read(struct store *, const char *battery, struct asked *, struct error *);
void asked_finish(struct asked *);

#endif
