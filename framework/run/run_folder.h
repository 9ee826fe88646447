/* run_folder.h: the folder of a run, with its log and its store. Private to run/. */
#ifndef ASSAY_RUN_RUN_FOLDER_H
#define ASSAY_RUN_RUN_FOLDER_H

#include "base/error.h"
#include "experiment/options.h"

struct run; /* experiment/state.h */

/* Makes or opens the folder; run->log and run->store are open then. Refused: a folder of other files or of another
 * battery's run, without --force, and one to resume that holds another run, or one on another compute route. *broken:
 * the path could be a run folder, but cannot be written (exit code 3). */
bool run_folder_open(struct run *, const struct run_options *, bool *broken, struct error *);

/* Whether there is something in the folder, but for the log, and no store: then it is somebody else's. */
bool run_folder_is_foreign(const char *folder, const char *store);

/* The rows and controls in the order of the battery, in run->store. */
bool run_folder_set_order(struct run *, struct error *);

#endif
