/* interrupt.h: Ctrl-C and `kill` as a flag, so that a run can end its workers and say how to resume. */
#ifndef ASSAY_CLI_INTERRUPT_H
#define ASSAY_CLI_INTERRUPT_H

#include <signal.h>

/* From now on the first SIGINT or SIGTERM sets the flag that is returned to its number; the next one kills as ever. A
 * signal that the caller had ignored (nohup, a shell's `&`) stays ignored. */
const volatile sig_atomic_t *interrupt_watch(void);

int interrupt_caught(void); /* the signal's number, or 0 */

#endif
