/* program.c: starting, calling and stopping. */
#define _GNU_SOURCE /* pipe2() */
#include "host/program.h"

#include "base/text.h"
#include "host/program_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- Starting ---- */

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
        p->stream.child = p->child.pid;
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

bool program_fork(struct program_server *server, double seconds, struct program *p, struct error *e) {
    *p = (struct program){0};
    return program_server_fork(server, seconds, &p->fork, &p->stream, e);
}

/* ---- Ending ---- */

static void say_bye(struct frame_stream *s) {
    struct error ignored;
    if (s->in <= 0 || s->ended) return;
    frame_stream_limit(s, .1);
    frame_send(s, json_pack("{s:s}", "type", "bye"), NULL, 0, &ignored);
}

void program_stop(struct program *p) {
    if (!p->broken) say_bye(&p->stream);
    frame_stream_finish(&p->stream);
    if (p->child.pid > 0) {
        if (!p->broken) child_wait(&p->child, PROGRAM_LAST_WORDS);
        child_end(&p->child, NULL, NULL, 0);
    }
    program_fork_end(&p->fork, p->broken ? 0 : PROGRAM_LAST_WORDS);
    *p = (struct program){0};
}

void program_tell_end(struct program *p, struct error *e) {
    char how[160] = "";
    if (!p->stream.ended) return;
    if (p->child.pid > 0) program_ending(&p->child, how, sizeof how);
    else if (p->fork.server) program_fork_ending(&p->fork, how, sizeof how);
    size_t used = strlen(e->text);
    if (how[0]) snprintf(e->text + used, sizeof e->text - used, ": it %s", how);
}
