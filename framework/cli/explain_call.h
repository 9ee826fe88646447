/* explain_call.h: one map of one input, by an explainer that runs in a child process. */
#ifndef ASSAY_CLI_EXPLAIN_CALL_H
#define ASSAY_CLI_EXPLAIN_CALL_H

#include "cli/subject.h"
#include "host/plugin.h"

struct explain_call {
    const struct plugin *plugin;
    const char *name; /* of the explainer, as the user wrote it */
    struct net *net;
    const float *x;  /* [elements of one sample] */
    uint32_t target; /* the class explained */
    uint64_t seed;
    double limit; /* seconds */
};

/* *map, [elements of one sample], is the caller's (free()). False: the explainer failed, broke a rule, or took too
 * long, or an element is not finite; *map may be there then, too. */
bool explain_call(const struct explain_call *, float **map, struct error *);

#endif
