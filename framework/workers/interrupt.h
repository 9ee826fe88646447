/* interrupt.h: a run that is told to end (Ctrl-C, kill) ends its children first and says how to go on. */
#ifndef ASSAY_WORKERS_INTERRUPT_H
#define ASSAY_WORKERS_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP are noted and do nothing else; pool_run() and isolate_run() then end what they
 * started and fail. A second one ends the process at once. */
void interrupt_watch(void);
/* The signal that came, or 0. The exit status of a program that ends for it is 128 + the signal. */
int interrupt_signal(void);

#endif
