/* host.h: the host as a plugin sees it. */
#ifndef ASSAY_HOST_HOST_H
#define ASSAY_HOST_HOST_H

#include "explainers/explainer.h"

/* With assay.random/1 and assay.log/1 (lines go to standard error). */
const assay_host *handle_host(void);

#endif
