/* resident.h: memory of this process that is there, as the system counts it. */
#ifndef ASSAY_BASE_RESIDENT_H
#define ASSAY_BASE_RESIDENT_H

#include <stddef.h>

/* Bytes now; 0 where the system does not say. What it shares with others counts. */
size_t resident_now(void);
/* The most so far, since it was forked. */
size_t resident_peak(void);

/* Gives memory that was freed back to the system, so that processes forked from now on do not begin with it. */
void resident_trim(void);

#endif
