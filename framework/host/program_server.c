/* program_server.c: asking for forks, and ending them. */
#include "host/program_server.h"

#include "base/clock.h"
#include "base/remove_folder.h"
#include "base/shared.h"
#include "base/text.h"
#include "host/program_launch.h"
#include "workers/printed.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define USERS 256       /* processes that have a fork at a time */
#define FORK_SECONDS 10 /* that asking how one ended may take */

/* In shared memory. */
struct users {
    atomic_int next; /* id of a request, so that an answer to another one is known as such */
    struct {
        atomic_int user, fork; /* pids; 0: free */
    } of[USERS];
};

struct program_server {
    struct child child;
    struct scratch_folder pipes; /* "in", "out", "lock" of the program itself */
    struct frame_stream stream;  /* in the process that created it: the hello */
    struct users *users;
    struct printed printed; /* of the file that it prints to */
    bool logged, broken;    /* broken: it is given no time to end */
};

/* ---- The process that starts it ---- */

static bool open_pipe(const char *folder, const char *name, int ends[2], struct error *e) {
    char *path = text_format("%s/%s", folder, name);
    if (!path) return error_memory(e);
    bool made = mkfifo(path, 0600) == 0;
    /* Neither waits for the other: the first does not block, and then there is a reader. */
    ends[0] = made ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    ends[1] = ends[0] >= 0 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    bool ok = ends[1] >= 0 || error_set(e, "could not be started: %s: %s", path, strerror(errno));
    free(path);
    return ok;
}

static void close_ends(int ends[2]) {
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0) close(ends[i]);
}

/* What it prints goes to a file, which never makes it wait. */
static bool open_output(struct program_server *s, int *output, struct error *e) {
    char *path = text_format("%s/printed", s->pipes.path);
    if (!path) return error_memory(e);
    *output = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    s->printed.read = *output >= 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool ok = s->printed.read >= 0 || error_set(e, "could not be started: %s: %s", path, strerror(errno));
    free(path);
    return ok;
}

static bool launch(struct program_server *s, const struct process_spec *spec, struct error *e) {
    int in[2] = {-1, -1}, out[2] = {-1, -1}, output = -1;
    s->pipes = scratch_folder_create();
    s->users = shared_create(sizeof *s->users, e);
    bool ok = s->users && (s->pipes.path || error_set(e, "could not be started: no folder for its pipes in TMPDIR")) &&
              open_pipe(s->pipes.path, "in", in, e) && open_pipe(s->pipes.path, "out", out, e) &&
              open_output(s, &output, e);
    if (ok) fcntl(in[0], F_SETFL, 0); /* the program's end waits */
    ok = ok && (program_launch(spec, in[0], out[1], output, &s->child, e) || error_prefix(e, "could not be started"));
    if (ok) {
        close(in[0]);
        close(out[1]);
        frame_stream_init(&s->stream, out[0], in[1]);
        s->stream.child = s->child.pid;
    } else {
        close_ends(in);
        close_ends(out);
    }
    if (output >= 0) close(output);
    return ok;
}

static void tell_end(struct program_server *s, struct error *e) {
    char how[160], said[200];
    size_t used = strlen(e->text);
    program_ending(&s->child, how, sizeof how);
    bool spoke = printed_last_line(&s->printed, said, sizeof said);
    snprintf(e->text + used, sizeof e->text - used, ": it %s%s%s", how, spoke ? ", and printed last: " : "",
             spoke ? said : "");
}

bool program_server_create(const struct process_spec *spec, struct program_server **out, struct program_hello *hello,
                           bool *refused, struct error *e) {
    struct program_server *s = calloc(1, sizeof *s);
    *refused = false;
    *out = NULL;
    if (!s) return error_memory(e);
    s->printed = (struct printed){.read = -1, .log = STDERR_FILENO, .name = PRINTED_PROGRAM};
    bool ok = launch(s, spec, e);
    if (ok) {
        frame_stream_limit(&s->stream, spec->start_limit);
        ok = program_hello(&s->stream, spec, hello, refused, e);
        if (!ok && !*refused && s->stream.ended) tell_end(s, e);
    }
    s->broken = !ok;
    if (ok && hello->forks) *out = s;
    else program_server_destroy(s);
    return ok;
}

void program_server_log(struct program_server *s, int log, const char *name) {
    s->printed.log = log;
    s->printed.name = name;
    s->logged = log >= 0;
}

void program_server_destroy(struct program_server *s) {
    if (!s) return;
    frame_stream_finish(&s->stream); /* an end of file is good-bye */
    if (s->child.pid > 0) {
        if (!s->broken) child_wait(&s->child, PROGRAM_LAST_WORDS);
        child_end(&s->child, NULL, NULL, 0);
    }
    printed_close(&s->printed);
    scratch_folder_remove(&s->pipes);
    shared_destroy(s->users, sizeof *s->users);
    free(s);
}

/* ---- Forks that are there ---- */

/* The state and the parent of a process, by proc(5); false: it is gone. */
static bool process_look(int pid, char *state, int *parent) {
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    const char *at = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (f) fclose(f);
    return at && sscanf(at, ") %c %d", state, parent) == 2;
}

static bool is_running_fork(const struct program_server *s, int pid) {
    char state;
    int parent;
    return pid > 1 && process_look(pid, &state, &parent) && parent == s->child.pid && state != 'Z';
}

void program_fork_end(struct program_fork *f, double seconds) {
    struct program_server *s = f->server;
    double end = clock_seconds() + seconds;
    if (s) {
        while (is_running_fork(s, f->pid) && clock_seconds() < end) nanosleep(&(struct timespec){0, 500000}, NULL);
        if (is_running_fork(s, f->pid)) kill(f->pid, SIGKILL);
        for (int i = 0; i < USERS; i++)
            if (atomic_load(&s->users->of[i].user) == getpid()) atomic_store(&s->users->of[i].fork, 0);
    }
    if (f->folder) remove_folder(f->folder);
    free(f->folder);
    *f = (struct program_fork){0};
}

void program_server_tend(struct program_server *s) {
    if (s->logged) printed_take(&s->printed);
    for (int i = 0; i < USERS; i++) {
        int user = atomic_load(&s->users->of[i].user), pid = atomic_load(&s->users->of[i].fork);
        if (!user || kill(user, 0) == 0 || errno != ESRCH) continue;
        if (is_running_fork(s, pid)) kill(pid, SIGKILL);
        atomic_store(&s->users->of[i].fork, 0);
        atomic_store(&s->users->of[i].user, 0);
    }
}

/* ---- Asking for one ---- */

struct request {
    struct program_server *server;
    struct frame_stream stream;
    int lock; /* of the file "lock", which one process has at a time */
};

static int open_named(const char *folder, const char *name, int flags) {
    char *path = text_format("%s/%s", folder, name);
    int fd = path ? open(path, flags | O_NONBLOCK | O_CLOEXEC, 0600) : -1;
    free(path);
    return fd;
}

static void request_end(struct request *r) {
    frame_stream_finish(&r->stream);
    if (r->lock >= 0) close(r->lock); /* and lets it go */
    r->lock = -1;
}

static bool take_lock(int fd, double end) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    while (fcntl(fd, F_SETLK, &whole) != 0) {
        if ((errno != EAGAIN && errno != EACCES && errno != EINTR) || clock_seconds() > end) return false;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return true;
}

static bool request_begin(struct program_server *s, double seconds, struct request *r, struct error *e) {
    double end = clock_seconds() + seconds;
    *r = (struct request){.server = s, .lock = open_named(s->pipes.path, "lock", O_RDWR | O_CREAT)};
    if (r->lock < 0 || !take_lock(r->lock, end)) return error_set(e, "was not free to fork within %g s", seconds);
    int in = open_named(s->pipes.path, "out", O_RDONLY), out = open_named(s->pipes.path, "in", O_WRONLY);
    if (in < 0 || out < 0) {
        if (in >= 0) close(in);
        return error_set(e, "had ended before it was asked to fork");
    }
    frame_stream_init(&r->stream, in, out);
    frame_stream_limit(&r->stream, end - clock_seconds());
    return true;
}

/* Under the lock, so that later requests have higher ones. */
static int next_id(struct program_server *s) {
    return atomic_fetch_add(&s->users->next, 1) + 1;
}

/* The answer to request `id`. Those to requests of processes that were killed before it came are passed over. */
static bool receive_answer(struct request *r, int id, const char *type, struct frame *f, struct error *e) {
    for (;;) {
        const json_t *number;
        if (!frame_receive(&r->stream, f, e) || !frame_skip(&r->stream, f, e)) return false;
        number = json_object_get(f->header, "id");
        if (json_is_integer(number) && json_integer_value(number) < id) {
            frame_finish(f);
            continue;
        }
        if (strcmp(f->type, "error") == 0)
            return error_set(e, "could not fork: %s",
                             frame_text(f, "message") ? frame_text(f, "message") : "no reason");
        if (strcmp(f->type, type) != 0 || !json_is_integer(number) || json_integer_value(number) != id)
            return error_set(e, "sent a frame '%s' where '%s' was due", excerpt_of(f->type).text, type);
        return true;
    }
}

static bool ask_fork(struct request *r, const char *folder, int *pid, struct error *e) {
    int id = next_id(r->server);
    char *in = text_format("%s/read", folder), *out = text_format("%s/write", folder);
    struct frame f = {0};
    json_t *keys = in && out ? json_pack("{s:s, s:i, s:s, s:s, s:s}", "type", "fork", "id", id, "read", in, "write",
                                         out, "folder", folder)
                             : NULL;
    bool ok = frame_send(&r->stream, keys, NULL, 0, e) && receive_answer(r, id, "forked", &f, e);
    json_int_t number = ok ? json_integer_value(json_object_get(f.header, "pid")) : 0;
    char state;
    int parent = 0;
    *pid = number > 1 && number < INT32_MAX ? (int)number : 0;
    if (ok && (!*pid || !process_look(*pid, &state, &parent) || parent != r->server->child.pid))
        ok = error_set(e, "sent a 'forked' whose pid is none of its children");
    frame_finish(&f);
    free(in);
    free(out);
    return ok;
}

/* Our ends of the fork's pipes: it opens "read" first. */
static bool meet(const struct program_fork *f, struct frame_stream *stream, double end, struct error *e) {
    int in = open_named(f->folder, "write", O_RDONLY), out = -1;
    while (in >= 0 && (out = open_named(f->folder, "read", O_WRONLY)) < 0 && errno == ENXIO) {
        if (clock_seconds() > end || !is_running_fork(f->server, f->pid)) break;
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    if (out >= 0) {
        frame_stream_init(stream, in, out);
        return true;
    }
    if (in >= 0) close(in);
    return error_set(e, "forked a child that did not open its pipes");
}

static bool make_folder(const struct program_server *s, char **folder, struct error *e) {
    *folder = text_format("%s/fork-XXXXXX", s->child.scratch.path ? s->child.scratch.path : s->pipes.path);
    if (!*folder) return error_memory(e);
    char *in = mkdtemp(*folder) ? text_format("%s/read", *folder) : NULL, *out = text_format("%s/write", *folder);
    bool ok = in && out && mkfifo(in, 0600) == 0 && mkfifo(out, 0600) == 0;
    if (!ok) error_set(e, "could not fork: no pipes in %s: %s", *folder, strerror(errno));
    free(in);
    free(out);
    return ok;
}

static void note_user(struct program_server *s, int pid) {
    for (int i = 0; i < USERS; i++) {
        int self = getpid(), nobody = 0;
        if (atomic_load(&s->users->of[i].user) != self &&
            !atomic_compare_exchange_strong(&s->users->of[i].user, &nobody, self))
            continue;
        atomic_store(&s->users->of[i].fork, pid);
        return;
    }
}

bool program_server_fork(struct program_server *s, double seconds, struct program_fork *out,
                         struct frame_stream *stream, struct error *e) {
    struct request r = {.lock = -1};
    double end = clock_seconds() + seconds;
    *out = (struct program_fork){0};
    bool ok =
        make_folder(s, &out->folder, e) && request_begin(s, seconds, &r, e) && ask_fork(&r, out->folder, &out->pid, e);
    request_end(&r);
    if (!ok) return false;
    note_user(s, out->pid);
    out->server = s;
    return meet(out, stream, end, e);
}

/* A fork that closed its pipe may take a moment to end. */
void program_fork_ending(const struct program_fork *fork, char *how, size_t size) {
    struct program_server *s = fork->server;
    double end = clock_seconds() + PROGRAM_LAST_WORDS;
    struct request r = {.lock = -1};
    struct frame f = {0};
    struct error ignored;
    while (is_running_fork(s, fork->pid) && clock_seconds() < end) nanosleep(&(struct timespec){0, 1000000}, NULL);
    bool asked = request_begin(s, FORK_SECONDS, &r, &ignored);
    int id = next_id(s);
    if (asked &&
        frame_send(&r.stream, json_pack("{s:s, s:i, s:i}", "type", "reap", "id", id, "pid", fork->pid), NULL, 0,
                   &ignored) &&
        receive_answer(&r, id, "ended", &f, &ignored)) {
        const json_t *code = json_object_get(f.header, "code"), *number = json_object_get(f.header, "signal");
        if (json_is_integer(code))
            snprintf(how, size, "ended the process with exit code %d", (int)json_integer_value(code));
        else if (json_is_integer(number)) child_ending((int)json_integer_value(number) & 0x7f, how, size);
        else snprintf(how, size, "closed its pipe and went on");
    }
    frame_finish(&f);
    request_end(&r);
}
