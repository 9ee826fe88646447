/* scratch.h: memory for arrays that are written anew before they are read: zero at first, and again in a process forked
 * from this one, which so need not copy it. */
#ifndef ASSAY_BASE_SCRATCH_H
#define ASSAY_BASE_SCRATCH_H

#include "base/error.h"

#include <stddef.h>

/* Aligned to a page. NULL with the reason. */
void *scratch_create(size_t bytes, struct error *);
void scratch_destroy(void *, size_t bytes);

#endif
