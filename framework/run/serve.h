/* serve.h: a process of a run that takes jobs of its parent (ranks.h) and runs them in a pool of its own. */
#ifndef ASSAY_RUN_SERVE_H
#define ASSAY_RUN_SERVE_H

#include "experiment/options.h"
#include "plan/control.h"
#include "workers/transport.h"

/* Until the parent has no more. False: it was told to end, or could not set the run up, which the parent hears, too. */
bool serve_run(const struct run_options *, const struct control *const *controls, const struct transport *,
               struct error *);

#endif
