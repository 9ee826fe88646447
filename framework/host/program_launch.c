/* program_launch.c: how a program comes to be, and how it ended. */
#include "host/program_launch.h"

#include "host/frame.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS_SPACE 17179869184.0 /* 16 GiB */
#define READ_END 3
#define WRITE_END 4

/* ---- In the child that becomes the program ---- */

/* In place of the program's hello. */
static void refuse(const char *what, int why) {
    struct error e;
    error_set(&e, "%s: %s", what, strerror(why));
    char *line = frame_line(
        json_pack("{s:s, s:i, s:s, s:s}", "type", "error", "id", 0, "status", "failed", "message", e.text), NULL, 0);
    if (line && write(WRITE_END, line, strlen(line)) < 0) _exit(126);
    _exit(127);
}

/* CHILD_KEPT and the next are what the program has as 3 and 4. */
static void become(void *user, int fd) {
    const struct process_spec *spec = user;
    (void)fd;
    dup2(CHILD_KEPT, READ_END);
    dup2(CHILD_KEPT + 1, WRITE_END);
    close(CHILD_KEPT + 1);
    signal(SIGPIPE, SIG_DFL);
    setenv("ASSAY_PROTOCOL", "1", 1);
    setenv("OMP_NUM_THREADS", "1", 1);
    if (chdir(spec->folder) != 0) refuse(spec->folder, errno);
    execvp(spec->command[0], spec->command);
    refuse(spec->command[0], errno);
}

bool program_launch(const struct process_spec *spec, int in, int out, int output, struct child *child,
                    struct error *e) {
    const struct child_task task = {.name = "assay program",
                                    .foreign = true,
                                    .seconds = 1e12, /* who waits for it has a limit */
                                    .output = output,
                                    .kept = {in, out},
                                    .address = ADDRESS_SPACE,
                                    .work = become,
                                    .user = (void *)spec};
    return child_start(&task, child, e);
}

void program_ending(struct child *child, char *how, size_t size) {
    if (child_wait(child, PROGRAM_LAST_WORDS)) child_ending(child->status, how, size);
    else snprintf(how, size, "closed its pipe and went on");
}
