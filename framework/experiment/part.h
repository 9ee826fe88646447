/* part.h: which rows and controls of a battery are run: --only, --last-failed. */
#ifndef ASSAY_EXPERIMENT_PART_H
#define ASSAY_EXPERIMENT_PART_H

#include "experiment/options.h"
#include "experiment/state.h"

/* Names are the battery's; NULL where nothing is said. */
struct part {
    const char *row, *control;                 /* of --only: an explainer row, a control, or both, as one cell */
    const char *const *rows, *const *controls; /* of --last-failed, ended by NULL */
};

/* Fails where the battery has no such name. */
bool part_resolve(const struct battery *, const struct run_options *, struct part *, struct error *);
bool part_has_row(const struct part *, const char *name);
bool part_has_control(const struct part *, const char *id);
/* In words, into run->part, for the reports; nothing of a whole battery. */
bool part_keep(struct run *, const struct part *, struct error *);

#endif
