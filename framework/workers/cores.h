/* cores.h: how many cores a run uses, counted in memory that all its processes share. */
#ifndef ASSAY_WORKERS_CORES_H
#define ASSAY_WORKERS_CORES_H

#include "base/error.h"

#include <stdbool.h>

struct cores;

/* `count` cores for `members` processes, numbered from 0. */
bool cores_create(unsigned count, unsigned members, struct cores **out, struct error *);
void cores_destroy(struct cores *);

/* Cores of this machine that are online. */
unsigned cores_online(void);

/* In the parent: the member begins, with one core; it is gone, and whatever it held is free again. */
void cores_enter(struct cores *, unsigned member);
void cores_leave(struct cores *, unsigned member);

/* In the member: takes up to `most` of the free cores. Two who ask at the same moment may get one too many between
 * them: they run slower for a while, and nothing else happens. */
unsigned cores_borrow(struct cores *, unsigned member, unsigned most);
void cores_return(struct cores *, unsigned member, unsigned count);

#endif
