/* clock.h: how long things take; never part of a result. */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

double clock_seconds(void); /* monotonic, from an arbitrary start */

#endif
