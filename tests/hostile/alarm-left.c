/* alarm-left: sets an alarm for the time after it. */
#include "hostile.h"

#include <sys/time.h>

static assay_status attribute(const struct call *c) {
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 2000}, {0, 2000}}, NULL);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
