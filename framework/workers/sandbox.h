/* sandbox.h: what a process that runs a plugin may not do, whatever its code tries.
 *
 * seccomp: no sockets, no System V or POSIX queues, semaphores or shared memory, no tracing of or signals to other
 * processes, no session or process group of its own (so that one kill ends all it started), no namespaces, no changes
 * of modes, owners or attributes of files, no io_uring. What is forbidden fails with EPERM.
 * Landlock, where the kernel has it: no writing, making or removing of files but in one scratch folder and /dev/null.
 * Capabilities: none but those to read files.
 *
 * Not bound: reading of files, and memory and processes beyond the limits of child.h. A device that is opened for
 * writing (a GPU) needs the sandbox off. ASSAY_SANDBOX in the environment: "off", or "seccomp" (Landlock is not used).
 */
#ifndef ASSAY_WORKERS_SANDBOX_H
#define ASSAY_WORKERS_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

struct sandbox_state {
    bool seccomp;
    int landlock;     /* its ABI version in this kernel; 0: not in force */
    const char *text; /* both in words, for reports: "seccomp and landlock", "seccomp", "landlock", "none", "off" */
};

/* What sandbox_enter() puts in force here. */
struct sandbox_state sandbox_state(void);

/* For the command line: children that start from now on are not put into one. Gives up: a plugin may then write to and
 * remove the run folder and all else that the user may, reach the network, and signal other processes. */
void sandbox_turn_off(void);

/* In a fresh child, once; not to be undone. `scratch`: the folder to write in; NULL: none. */
bool sandbox_enter(const char *scratch, struct error *);

#endif
