/* process_state.h: what foreign code may leave changed in the process that it ran in, and that the results of this
 * program depend on. */
#ifndef ASSAY_HOST_PROCESS_STATE_H
#define ASSAY_HOST_PROCESS_STATE_H

#include <fenv.h>
#include <sys/types.h>

struct process_state {
    fenv_t arithmetic; /* rounding, flushing to zero, traps */
    pid_t process;
};

/* Before and after foreign code. Restoring sets the arithmetic as it was and the locale to "C", in which numbers are
 * written and read here. A copy of the process that the foreign code forked, and that returns from it, ends. */
void process_state_save(struct process_state *);
void process_state_restore(const struct process_state *);

#endif
