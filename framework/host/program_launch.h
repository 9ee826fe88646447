/* program_launch.h: the process of a program that speaks the protocol (docs/protocol.md). */
#ifndef ASSAY_HOST_PROGRAM_LAUNCH_H
#define ASSAY_HOST_PROGRAM_LAUNCH_H

#include "battery/battery.h"
#include "workers/child.h"

#define PROGRAM_LAST_WORDS 1.0 /* seconds that it has to end once it is told to, or closed its pipe */

/* In the sandbox and the limits of plugins (but for the address space, of which PyTorch alone maps 3 GiB), with `in` as
 * its descriptor 3, to read, and `out` as 4, to write. They stay open here. `output`: takes what it prints; -1: where
 * this process prints. A command that cannot be run is told by the process itself, in place of its hello. */
bool program_launch(const struct process_spec *, int in, int out, int output, struct child *, struct error *);
/* Of one that speaks no more: "was killed by SIGSEGV (Segmentation fault)". */
void program_ending(struct child *, char *how, size_t size);

#endif
