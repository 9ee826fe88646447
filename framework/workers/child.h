/* child.h: the one way in which a child process is started, bounded and ended.
 *
 * Every child has a session and process group of its own, no descriptor of the parent's but /dev/null as standard
 * input, its standard output and error, and one pipe to the parent; signals are at their defaults, there are no core
 * files, and it ends when its parent does. Whatever it started ends with it.
 *
 * A child that runs foreign code is in the sandbox (sandbox.h), and each of its processes has limits:
 *   address space   2 GiB, and twice what the parent had mapped (network, data) when the child was started; none where
 *                   the sandbox is off, as libraries for GPUs map far more than they use
 *   CPU time        that of all processors, for as long as the child may run
 *   files           256 MiB each, and 256 of them open
 *   processes       1024 more than the whole system had. The kernel counts all of a user's, and of root's none: there
 *                   only the time limit ends a process that forks without end.
 * What all its processes use together has no limit: that takes a cgroup, which a user may not make. */
#ifndef ASSAY_WORKERS_CHILD_H
#define ASSAY_WORKERS_CHILD_H

#include "base/error.h"
#include "workers/scratch_folder.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILD_KEPT 4

struct child_task {
    const char *name; /* of the process, as ps shows it, cut to 15 bytes; NULL: the parent's */
    bool foreign;     /* code that is not ours runs there */
    double seconds;   /* that it may run, for its CPU time */
    int output;       /* takes standard output and error; -1: the parent's, of foreign code its standard error */
    int kept[2];      /* descriptors that the child keeps as CHILD_KEPT and the next, where they are not 0 */
    double address;   /* bytes of address space in place of the 2 GiB below; 0: those */
    /* In the child. First, unless NULL, with the parent's descriptors and before any limit: no foreign code. */
    bool (*prepare)(void *user, struct error *);
    /* Then that; returning ends the child with exit code 0. `fd`: the pipe, open for writing. */
    void (*work)(void *user, int fd);
    void *user;
};

struct child {
    pid_t pid;
    int fd; /* of the pipe, for reading; does not block */
    bool over;
    int status;                    /* waitpid's, once it is over */
    struct scratch_folder scratch; /* that foreign code may write to: TMPDIR there */
};

bool child_start(const struct child_task *, struct child *, struct error *);
/* Whether it is over by now. */
bool child_is_over(struct child *);
/* The same, after at most so many seconds, or until the program is told to end (interrupt.h). */
bool child_wait(struct child *, double seconds);

/* Children of this process that are none of ours. */
struct child_adoption {
    pid_t before[256];
    size_t count;
};
/* From now on processes that lose their parent become children of this process, and child_end() finds them; and this
 * process is hidden from them (sandbox_hide). */
void child_adopt(struct child_adoption *);

/* Kills it unless it is over, and whatever it started; waits for them, closes the pipe, removes the scratch folder.
 * Without an adoption (NULL) processes that left the group are not looked for: those are its parent's to find.
 * `others`: children that go on, with their groups. Any further child that was not there at child_adopt() has lost its
 * parent, and is killed, too. */
void child_end(struct child *, const struct child_adoption *, const pid_t *others, size_t count);

/* For work(): writes everything; ends the child when the parent is gone. */
void child_write(int fd, const void *data, size_t size);
/* How a child ended, of waitpid's status: "was killed by SIGSEGV (Segmentation fault)". */
void child_ending(int status, char *text, size_t size);

#endif
