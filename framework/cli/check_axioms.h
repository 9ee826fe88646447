/* check_axioms.h: whether an explainer keeps the axioms that its claims bring (axioms.h). Private to `assay check`. */
#ifndef ASSAY_CLI_CHECK_AXIOMS_H
#define ASSAY_CLI_CHECK_AXIOMS_H

#include "cli/axioms.h"
#include "host/conformance.h"
#include "host/plugin.h"

enum axiom_state { AXIOM_NOT_ASKED, AXIOM_NO_MAPS, AXIOM_HOLDS, AXIOM_BROKEN };

struct axioms_seen {
    enum axiom_state state[AXIOMS];
    double off[AXIOMS];
};

/* Asks for maps in a child process, within `limit` seconds for each call. False: it crashed or hung. */
bool check_axioms(const struct plugin *, double limit, struct axioms_seen *, struct error *);

/* Prints a line for each that was asked, and counts it; one that is broken is a breach where a claim promises it. */
void check_axioms_print(const struct axioms_seen *, unsigned counts[CONFORMANCE_STATES]);

#endif
