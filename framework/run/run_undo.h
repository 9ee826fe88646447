/* run_undo.h: a run that is refused leaves its folder as it was: what it made goes, and what was there stays. */
#ifndef ASSAY_RUN_RUN_UNDO_H
#define ASSAY_RUN_RUN_UNDO_H

#include "experiment/options.h"
#include "experiment/state.h"

/* Before the folder is made: into run->undo. */
bool run_undo_note(struct run *, const struct run_options *, struct error *);
/* The store is open. */
void run_undo_own(struct run *);
/* Before an earlier run's results are cleared: they lie beside the store until the run begins. */
bool run_undo_keep_store(struct run *, struct error *);
/* The run begins, and the folder is its own: what was kept goes, and options->taken is told. Once. */
void run_undo_forget(struct run *);
/* Where the run did not begin: the folder is as it was before. The store and the log are closed. NULL: nothing. */
void run_undo(struct run_undo *);

#endif
