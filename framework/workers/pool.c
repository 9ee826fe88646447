#include "workers/pool.h"

#include "base/clock.h"
#include "workers/isolate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct header {
    uint32_t type, reserved;
    uint64_t size;
};

enum { BEAT = UINT32_MAX, FINISHED = UINT32_MAX - 1 };

struct channel {
    int fd;
    struct helpers helpers;
};

struct worker {
    struct pool_job *job; /* NULL: free */
    pid_t pid;
    int fd;
    double last_beat;
    bool finished, overdue;
    unsigned char *data; /* bytes received and not yet consumed */
    size_t size, capacity;
};

struct pool {
    struct pool_job *jobs;
    size_t count;
    struct worker *workers;
    unsigned worker_count;
    struct cores *cores; /* worker_count of them */
    int log;
    const struct pool_hooks *hooks;
    void *user;
};

static void send_all(int fd, const void *data, size_t size) {
    const unsigned char *p = data;
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(1); /* the parent is gone: nobody is left to tell */
        p += n;
        size -= (size_t)n;
    }
}

void channel_send(struct channel *c, uint32_t type, const void *data, size_t size) {
    struct header h = {type, 0, size};
    send_all(c->fd, &h, sizeof h);
    send_all(c->fd, data, size);
}

void channel_beat(struct channel *c) {
    channel_send(c, BEAT, NULL, 0);
}

struct helpers channel_helpers(const struct channel *c) {
    return c->helpers;
}

static void child_main(struct pool *p, unsigned member, struct pool_job *job, int fd, pid_t parent) {
    isolate_enter(parent);
    for (unsigned i = 0; i < p->worker_count; i++)
        if (p->workers[i].job) close(p->workers[i].fd);
    if (p->log >= 0) {
        dup2(p->log, STDOUT_FILENO);
        dup2(p->log, STDERR_FILENO);
    }
    struct channel c = {fd, {p->cores, member}};
    p->hooks->work(p->user, job, &c);
    fflush(stdout); /* what a plugin printed; _exit() does not */
    channel_send(&c, FINISHED, NULL, 0);
    _exit(0);
}

static bool start(struct pool *p, struct worker *w, struct pool_job *job, struct error *e) {
    int ends[2];
    if (pipe(ends) != 0) return error_set(e, "cannot make a pipe: %s", strerror(errno));
    fflush(NULL); /* or the child would write the parent's buffers again */
    unsigned member = (unsigned)(w - p->workers);
    cores_enter(p->cores, member);
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return error_set(e, "cannot start a worker process: %s", strerror(errno));
    }
    if (pid == 0) {
        close(ends[0]);
        child_main(p, member, job, ends[1], parent);
    }
    close(ends[1]);
    *w = (struct worker){
        .job = job, .pid = pid, .fd = ends[0], .last_beat = clock_seconds(), .data = w->data, .capacity = w->capacity};
    job->state = POOL_RUNNING;
    return true;
}

static bool before(const struct pool_job *a, const struct pool_job *b) {
    return a->rank != b->rank ? a->rank < b->rank : a->cost > b->cost;
}

/* The job to start next, or NULL when none is ready. */
static struct pool_job *choose(struct pool *p) {
    struct pool_job *best = NULL;
    for (size_t i = 0; i < p->count; i++) {
        struct pool_job *j = &p->jobs[i];
        if (j->state == POOL_WAITING && (!best || before(j, best)) && (!j->ready || j->ready(j))) best = j;
    }
    return best;
}

static bool consume(struct pool *p, struct worker *w, struct error *e) {
    size_t at = 0;
    struct header h;
    while (w->size - at >= sizeof h) {
        memcpy(&h, w->data + at, sizeof h);
        if (w->size - at - sizeof h < h.size) break;
        const unsigned char *body = w->data + at + sizeof h;
        at += sizeof h + h.size;
        if (h.type == FINISHED) w->finished = true;
        else if (h.type != BEAT && !p->hooks->message(p->user, w->job, h.type, body, h.size, e)) return false;
    }
    memmove(w->data, w->data + at, w->size - at);
    w->size -= at;
    return true;
}

/* Reads what is there; *end is set at end of file, and when the child said that it is done. */
static bool receive(struct pool *p, struct worker *w, bool *end, struct error *e) {
    enum { CHUNK = 1 << 16 };
    if (w->capacity - w->size < CHUNK) {
        size_t capacity = w->capacity ? 2 * w->capacity : 4 * (size_t)CHUNK;
        unsigned char *more = realloc(w->data, capacity);
        if (!more) return error_memory(e);
        w->data = more;
        w->capacity = capacity;
    }
    ssize_t n = read(w->fd, w->data + w->size, w->capacity - w->size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    *end = n <= 0;
    if (n > 0) {
        w->size += (size_t)n;
        w->last_beat = clock_seconds(); /* part of a long message is a sign of life, too */
    }
    bool ok = consume(p, w, e);
    /* A process the child left behind may hold the pipe open for ever. */
    *end = *end || w->finished;
    return ok;
}

/* With every process it started; a child that has not come as far as its group alone. */
static void kill_group(pid_t pid) {
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
}

static bool reap(struct pool *p, struct worker *w, struct error *e) {
    int status = 0;
    char death[200] = "";
    close(w->fd);
    /* A plugin may have closed the pipe and gone on: it gets no more time. */
    kill_group(w->pid);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {}
    cores_leave(p->cores, (unsigned)(w - p->workers));
    if (w->overdue) snprintf(death, sizeof death, "did not answer within its time limit of %g s", w->job->limit);
    else if (!w->finished) isolate_ending(status, death, sizeof death);
    struct pool_job *job = w->job;
    w->job = NULL;
    w->size = 0;
    job->state = POOL_ENDED;
    return p->hooks->ended(p->user, job, death[0] ? death : NULL, e);
}

static bool fill(struct pool *p, unsigned *running, struct error *e) {
    for (unsigned i = 0; i < p->worker_count; i++) {
        if (p->workers[i].job) continue;
        struct pool_job *job = choose(p);
        if (!job) break;
        if (!start(p, &p->workers[i], job, e)) return false;
        ++*running;
    }
    return true;
}

static bool turn(struct pool *p, struct pollfd *fds, unsigned *running, struct error *e) {
    for (unsigned i = 0; i < p->worker_count; i++)
        fds[i] = (struct pollfd){p->workers[i].job ? p->workers[i].fd : -1, POLLIN, 0};
    if (poll(fds, p->worker_count, 250) < 0 && errno != EINTR) return error_set(e, "poll: %s", strerror(errno));
    /* The time at which a silent worker had nothing to say: what the hooks below take is not its fault. */
    double now = clock_seconds();
    for (unsigned i = 0; i < p->worker_count; i++) {
        struct worker *w = &p->workers[i];
        if (!w->job) continue;
        bool end = false;
        if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) && !receive(p, w, &end, e)) return false;
        if (!end && now - w->last_beat > w->job->limit) {
            w->overdue = true;
            end = true;
        }
        if (!end) continue;
        --*running;
        if (!reap(p, w, e)) return false;
    }
    return true;
}

bool pool_run(struct pool_job *jobs, size_t count, unsigned workers, int log, const struct pool_hooks *hooks,
              void *user, struct error *e) {
    struct pool p = {jobs, count, calloc(workers, sizeof *p.workers), workers, NULL, log, hooks, user};
    struct pollfd *fds = calloc(workers, sizeof *fds);
    unsigned running = 0;
    bool ok = p.workers && fds ? cores_create(workers, workers, &p.cores, e) : error_memory(e);
    for (size_t i = 0; i < count; i++) jobs[i].state = POOL_WAITING;
    while (ok) {
        ok = fill(&p, &running, e);
        if (ok && hooks->tick) hooks->tick(user, running);
        if (ok && hooks->interrupted && hooks->interrupted(user)) ok = error_set(e, "interrupted");
        if (!ok || !running) break;
        ok = turn(&p, fds, &running, e);
    }
    for (unsigned i = 0; p.workers && i < workers; i++) {
        if (p.workers[i].job) {
            kill_group(p.workers[i].pid);
            close(p.workers[i].fd);
            waitpid(p.workers[i].pid, NULL, 0);
        }
        free(p.workers[i].data);
    }
    cores_destroy(p.cores);
    free(p.workers);
    free(fds);
    return ok;
}
