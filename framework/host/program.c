/* program.c: starting, calling and stopping. */
#define _GNU_SOURCE /* pipe2() */
#include "host/program.h"

#include "base/text.h"
#include "host/program_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LAST_WORDS 1.0              /* seconds that it has to end once it is told to, or closed its pipe */
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

/* ---- Starting ---- */

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

bool program_start(const struct process_spec *spec, int output, struct program *p, struct error *e) {
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    *p = (struct program){0};
    bool ok = (pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0) ||
              error_set(e, "could not be started: cannot make a pipe: %s", strerror(errno));
    if (ok && !program_launch(spec, to[0], from[1], output, &p->child, e)) ok = error_prefix(e, "could not be started");
    if (to[0] >= 0) close(to[0]);
    if (from[1] >= 0) close(from[1]);
    if (ok) {
        frame_stream_init(&p->stream, from[0], to[1]);
        return true;
    }
    if (to[1] >= 0) close(to[1]);
    if (from[0] >= 0) close(from[0]);
    return false;
}

bool program_call(const struct process_spec *spec, struct program *p, struct error *e) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *p = (struct program){0};
    if (strlen(spec->connect) >= sizeof address.sun_path)
        return error_set(e, "could not be called: its socket has a path of more than %zu bytes",
                         sizeof address.sun_path - 1);
    memcpy(address.sun_path, spec->connect, strlen(spec->connect) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (errno == EINTR) continue;
        int why = errno;
        close(fd);
        fd = -1;
        errno = why;
    }
    if (fd < 0) return error_set(e, "could not be called at %s: %s", spec->connect, strerror(errno));
    frame_stream_init(&p->stream, fd, fd);
    return true;
}

/* ---- Ending ---- */

static void say_bye(struct frame_stream *s) {
    struct error ignored;
    if (s->in <= 0 || s->ended) return;
    frame_stream_limit(s, .1);
    frame_send(s, json_pack("{s:s}", "type", "bye"), NULL, 0, &ignored);
}

void program_stop(struct program *p) {
    bool ours = p->child.pid > 0;
    say_bye(&p->stream);
    frame_stream_finish(&p->stream);
    if (ours) {
        child_wait(&p->child, LAST_WORDS);
        child_end(&p->child, NULL, NULL, 0);
    }
    if (p->server) program_server_stop(p->server, p->fork, p->folder);
    free(p->folder);
    *p = (struct program){0};
}

void program_tell_end(struct program *p, struct error *e) {
    char how[160] = "";
    if (!p->stream.ended) return;
    if (p->child.pid > 0 && child_wait(&p->child, LAST_WORDS)) child_ending(p->child.status, how, sizeof how);
    else if (p->child.pid > 0) snprintf(how, sizeof how, "closed its pipe and went on");
    else if (p->server) program_server_ending(p->server, p->fork, how, sizeof how);
    size_t used = strlen(e->text);
    if (how[0]) snprintf(e->text + used, sizeof e->text - used, ": it %s", how);
}
