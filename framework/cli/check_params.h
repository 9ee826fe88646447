/* check_params.h: whether every number among an explainer's parameters changes its maps somewhere. Private to `assay
 * check`. */
#ifndef ASSAY_CLI_CHECK_PARAMS_H
#define ASSAY_CLI_CHECK_PARAMS_H

#include "host/conformance_case.h"
#include "host/conformance_report.h"
#include "host/plugin.h"

/* What is known of one parameter. */
struct param_seen {
    bool asked, changes; /* some other value was tried; it gave other maps */
    bool depends;        /* not so: but with the others at their defaults it did, or every value was refused there */
    double value;        /* that was tried last */
};

struct params_seen {
    struct param_seen *of; /* [plugin->info.param_count] */
};

bool params_seen_init(struct params_seen *, const struct plugin *, struct error *);
void params_seen_finish(struct params_seen *);

/* Asks the plugin of the spec, and the same with another value of each number that has changed nothing yet, for the
 * maps of the case's batch, in child processes of `limit` seconds for each call. What changes nothing is tried again
 * without the parameters that the spec gives. False: one of them crashed or hung. */
bool check_params(const struct plugin *, const struct explainer_spec *, const struct conformance_case *, double limit,
                  struct params_seen *, struct error *);

/* Prints a line for each, and counts them by enum conformance_state. */
void check_params_print(const struct plugin *, const struct params_seen *, unsigned counts[CONFORMANCE_STATES]);

#endif
