/* shared.h: memory that a process shares with those it forks from then on. */
#ifndef ASSAY_BASE_SHARED_H
#define ASSAY_BASE_SHARED_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero bytes, aligned to a page; pages that nobody touches take no memory. NULL with the reason. */
void *shared_create(size_t size, struct error *);
void shared_destroy(void *, size_t size);

#endif
