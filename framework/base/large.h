/* large.h: memory for arrays that are written anew before they are read: zero at first, and again in a process forked
 * from this one, which so need not copy it. In large pages where the system has them. */
#ifndef ASSAY_BASE_LARGE_H
#define ASSAY_BASE_LARGE_H

#include "base/error.h"

#include <stddef.h>

/* Aligned to a page. NULL with the reason. */
void *large_create(size_t bytes, struct error *);
void large_destroy(void *, size_t bytes);

#endif
