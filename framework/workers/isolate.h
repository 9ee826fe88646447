/* isolate.h: foreign code in a child process of its own, so that whatever it does costs an error and not the host. */
#ifndef ASSAY_WORKERS_ISOLATE_H
#define ASSAY_WORKERS_ISOLATE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Runs work(user, fd) in a child process (child.h, foreign) and collects what it writes to `fd` (isolate_write), at
 * most 1 GiB. The child's memory is a copy: what work changes there is gone afterwards.
 *
 * true: work returned true, and *out (malloc, one spare zero byte behind the end; the caller's) holds *size bytes.
 * false: work returned false, and what it wrote is the error text; or the child did not come back, and the error says
 * how it ended, as the end of a sentence: "was killed by SIGSEGV (Segmentation fault)", "ended the process with exit
 * code 3", "did not finish within 10 s" (it is killed then, with every process it started); or the program was told to
 * end (interrupt.h). A child that somebody else killed by SIGKILL is started once more, as memory may have run out. */
bool isolate_run(bool (*work)(void *user, int fd), void *user, double seconds, char **out, size_t *size,
                 struct error *);

/* The same for code of ours alone: no sandbox and no limits of child.h. */
bool isolate_run_own(bool (*work)(void *user, int fd), void *user, double seconds, char **out, size_t *size,
                     struct error *);

/* For `work`: writes everything. Ends the child when the parent is gone. */
void isolate_write(int fd, const void *data, size_t size);

#endif
