/* conformance_claims.h: private to conformance*.c: whether an explainer keeps what it claims. */
#ifndef ASSAY_HOST_CONFORMANCE_CLAIMS_H
#define ASSAY_HOST_CONFORMANCE_CLAIMS_H

#include "host/conformance_trial.h"

/* A line for each claim that is looked at. False: the network failed, or memory is short. */
bool conformance_check_claims(struct trial *, struct error *);

#endif
