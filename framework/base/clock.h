/* clock.h: how long things take; never part of a result. */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

double clock_seconds(void);   /* monotonic, from an arbitrary start */
double clock_processor(void); /* of this process, all its threads */
double clock_children(void);  /* processor seconds of its children that ended, and of theirs */

#endif
