/* pool.c: starting jobs in their order, reading what they send, and holding them to what they declared. */
#include "workers/pool.h"

#include "base/clock.h"
#include "workers/child.h"
#include "workers/interrupt.h"
#include "workers/printed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 16)
#define LAST_WORDS 1.0 /* seconds that a child has to end after it closed its pipe */

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
    struct child child;
    struct printed printed;
    double last_beat; /* moved by what the parent's hooks took for other workers since: its pipe was not read */
    uint32_t beats;
    bool finished, overdue;
    struct error breach; /* what it sent that no honest worker sends, or "" */
    unsigned char *data; /* bytes received and not yet consumed */
    size_t size, capacity;
};

struct pool {
    struct pool_job *jobs;
    size_t count;
    struct worker *workers;
    unsigned worker_count, running;
    struct pollfd *fds;  /* [2 * worker_count] pipes and outputs */
    pid_t *others;       /* [worker_count] */
    struct cores *cores; /* worker_count of them */
    struct child_adoption adoption;
    double hooked; /* seconds in hooks so far */
    int log;
    const struct pool_hooks *hooks;
    void *user;
};

/* ---- In the child ---- */

void channel_send(struct channel *c, uint32_t type, const void *data, size_t size) {
    struct header h = {type, 0, size};
    child_write(c->fd, &h, sizeof h);
    child_write(c->fd, data, size);
}

void channel_beat(struct channel *c) {
    channel_send(c, BEAT, NULL, 0);
}

struct helpers channel_helpers(const struct channel *c) {
    return c->helpers;
}

struct start {
    struct pool *pool;
    struct pool_job *job;
    unsigned member;
};

static bool prepare(void *user, struct error *e) {
    const struct start *s = user;
    return !s->pool->hooks->prepare || s->pool->hooks->prepare(s->pool->user, s->job, e);
}

static void work(void *user, int fd) {
    const struct start *s = user;
    struct channel c = {fd, {s->pool->cores, s->member}};
    s->pool->hooks->work(s->pool->user, s->job, &c);
    fflush(NULL); /* before the parent hears of the end, and takes what was printed */
    channel_send(&c, FINISHED, NULL, 0);
}

/* ---- Starting ---- */

static bool start(struct pool *p, struct worker *w, struct pool_job *job, struct error *e) {
    struct start s = {p, job, (unsigned)(w - p->workers)};
    struct child_task task = {.name = job->name,
                              .foreign = !job->trusted,
                              .seconds = ((double)job->calls + 1) * job->limit + job->start,
                              .prepare = prepare,
                              .work = work,
                              .user = &s};
    struct worker fresh = {.data = w->data, .capacity = w->capacity};
    if (!printed_open(&fresh.printed, p->log, job->name, &task.output, e)) return false;
    cores_enter(p->cores, s.member);
    bool ok = child_start(&task, &fresh.child, e);
    if (task.output >= 0) close(task.output);
    if (!ok) {
        printed_close(&fresh.printed);
        return false;
    }
    fresh.job = job;
    fresh.last_beat = clock_seconds();
    *w = fresh;
    job->state = POOL_RUNNING;
    p->running++;
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

static bool fill(struct pool *p, struct error *e) {
    for (unsigned i = 0; i < p->worker_count; i++) {
        if (p->workers[i].job) continue;
        struct pool_job *job = choose(p);
        if (!job) break;
        if (!start(p, &p->workers[i], job, e)) return false;
    }
    return true;
}

/* ---- Messages: nothing of them is trusted ---- */

static bool breach(struct worker *w, const char *what, unsigned long long number, unsigned long long most) {
    error_set(&w->breach, what, number, most);
    return true;
}

static bool take_message(struct pool *p, struct worker *w, uint32_t type, const void *data, size_t size,
                         struct error *e) {
    struct error why = {{0}};
    double begin = clock_seconds();
    enum pool_answer answer = p->hooks->message(p->user, w->job, type, data, size, &why);
    p->hooked += clock_seconds() - begin;
    switch (answer) {
    case POOL_TAKEN: return true;
    case POOL_BREACH: w->breach = why; return true;
    default: return error_set(e, "%s", why.text);
    }
}

static bool take_beat(struct worker *w) {
    if (w->beats >= w->job->calls)
        return breach(w, "sent more than %llu signs of life, which is what its %llu calls need", w->beats, w->beats);
    w->beats += w->job->calls != UINT32_MAX || !w->beats;
    w->last_beat = clock_seconds();
    return true;
}

/* False: the harness failed. */
static bool consume(struct pool *p, struct worker *w, struct error *e) {
    size_t at = 0;
    struct header h;
    bool ok = true;
    while (ok && !w->finished && !w->breach.text[0] && w->size - at >= sizeof h) {
        memcpy(&h, w->data + at, sizeof h);
        bool bare = h.type == BEAT || h.type == FINISHED;
        if (h.size > (bare ? 0 : w->job->largest)) {
            breach(w, "sent a message of %llu bytes, where %llu are the most", h.size, bare ? 0 : w->job->largest);
            break;
        }
        if (w->size - at - sizeof h < h.size) break;
        const unsigned char *body = w->data + at + sizeof h;
        at += sizeof h + (size_t)h.size;
        if (h.type == FINISHED) w->finished = true;
        else if (h.type == BEAT) take_beat(w);
        else ok = take_message(p, w, h.type, body, (size_t)h.size, e);
    }
    memmove(w->data, w->data + at, w->size - at);
    w->size -= at;
    return ok;
}

/* Reads what is there; *end is set at end of file, and when nothing more is to come. Memory grows with the bytes that
 * are there, not with what a header says. */
static bool receive(struct pool *p, struct worker *w, bool *end, struct error *e) {
    if (w->capacity - w->size < CHUNK) {
        size_t capacity = w->capacity ? 2 * w->capacity : 4 * CHUNK;
        unsigned char *more = realloc(w->data, capacity);
        if (!more) return error_memory(e);
        w->data = more;
        w->capacity = capacity;
    }
    ssize_t n = read(w->child.fd, w->data + w->size, w->capacity - w->size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    *end = n <= 0;
    if (n > 0) w->size += (size_t)n;
    bool ok = consume(p, w, e);
    /* A process the child left behind may hold the pipe open for ever. */
    *end = *end || w->finished || w->breach.text[0];
    return ok;
}

/* ---- Ending ---- */

static void end_worker(struct pool *p, struct worker *w) {
    size_t others = 0;
    for (unsigned i = 0; i < p->worker_count; i++)
        if (p->workers[i].job && &p->workers[i] != w) p->others[others++] = p->workers[i].child.pid;
    child_end(&w->child, &p->adoption, p->others, others);
    printed_close(&w->printed);
    cores_leave(p->cores, (unsigned)(w - p->workers));
    w->job = NULL;
    w->size = 0;
    p->running--;
}

/* Until the next beat. */
static double limit_of(const struct worker *w) {
    return w->job->limit + (w->beats ? 0 : w->job->start);
}

/* How the job ended, "" for well; *outside: killed by somebody else. */
static void find_death(struct worker *w, char *death, size_t size, bool *outside) {
    *outside = false;
    if (w->finished) return;
    if (w->breach.text[0]) {
        snprintf(death, size, "%s", w->breach.text);
    } else if (w->overdue) {
        snprintf(death, size, "did not answer within its time limit of %g s", limit_of(w));
    } else if (!child_wait(&w->child, LAST_WORDS)) {
        snprintf(death, size, "closed the pipe to its parent and went on");
    } else {
        child_ending(w->child.status, death, size);
        *outside = WIFSIGNALED(w->child.status) && WTERMSIG(w->child.status) == SIGKILL;
    }
}

static bool reap(struct pool *p, struct worker *w, struct error *e) {
    char death[sizeof w->breach.text + sizeof " twice"] = "";
    bool outside;
    struct pool_job *job = w->job;
    find_death(w, death, sizeof w->breach.text, &outside);
    job->breach = !w->finished && w->breach.text[0];
    end_worker(p, w);
    job->killed += outside;
    if (outside && job->killed == 1) {
        job->state = POOL_WAITING;
        return !p->hooks->again || p->hooks->again(p->user, job, e);
    }
    if (outside) memcpy(death + strlen(death), " twice", sizeof " twice");
    job->state = POOL_ENDED;
    double begin = clock_seconds();
    bool ok = p->hooks->ended(p->user, job, death[0] ? death : NULL, e);
    p->hooked += clock_seconds() - begin;
    return ok;
}

static bool serve(struct pool *p, struct worker *w, bool readable, double now, struct error *e) {
    bool end = false;
    printed_take(&w->printed);
    if (readable && !receive(p, w, &end, e)) return false;
    if (!end && now - w->last_beat > limit_of(w)) {
        w->overdue = true;
        end = true;
    }
    return !end || reap(p, w, e);
}

static bool turn(struct pool *p, struct error *e) {
    for (unsigned i = 0; i < p->worker_count; i++) {
        const struct worker *w = &p->workers[i];
        p->fds[2 * i] = (struct pollfd){w->job ? w->child.fd : -1, POLLIN, 0};
        p->fds[2 * i + 1] = (struct pollfd){w->job ? w->printed.read : -1, POLLIN, 0};
    }
    if (poll(p->fds, 2 * p->worker_count, 250) < 0 && errno != EINTR) return error_set(e, "poll: %s", strerror(errno));
    /* The time at which a silent worker had nothing to say: what the hooks below take is not its fault. */
    double now = clock_seconds();
    bool ok = true;
    for (unsigned i = 0; ok && i < p->worker_count; i++) {
        if (!p->workers[i].job) continue;
        double hooked = p->hooked;
        ok = serve(p, &p->workers[i], p->fds[2 * i].revents != 0, now, e);
        for (unsigned k = 0; k < p->worker_count; k++)
            if (k != i) p->workers[k].last_beat += p->hooked - hooked;
    }
    return ok;
}

/* ---- All jobs ---- */

static bool pool_init(struct pool *p, struct error *e) {
    p->workers = calloc(p->worker_count, sizeof *p->workers);
    p->fds = calloc(p->worker_count, 2 * sizeof *p->fds);
    p->others = calloc(p->worker_count, sizeof *p->others);
    child_adopt(&p->adoption);
    for (size_t i = 0; i < p->count; i++) {
        p->jobs[i].state = POOL_WAITING;
        p->jobs[i].breach = false;
        p->jobs[i].killed = 0;
    }
    if (!p->workers || !p->fds || !p->others) return error_memory(e);
    return cores_create(p->worker_count, p->worker_count, &p->cores, e);
}

static void pool_finish(struct pool *p) {
    for (unsigned i = 0; p->workers && i < p->worker_count; i++) {
        if (p->workers[i].job) end_worker(p, &p->workers[i]);
        free(p->workers[i].data);
    }
    cores_destroy(p->cores);
    free(p->workers);
    free(p->fds);
    free(p->others);
}

bool pool_run(struct pool_job *jobs, size_t count, unsigned workers, int log, const struct pool_hooks *hooks,
              void *user, struct error *e) {
    struct pool p = {.jobs = jobs, .count = count, .worker_count = workers, .log = log, .hooks = hooks, .user = user};
    bool ok = pool_init(&p, e);
    while (ok) {
        ok = fill(&p, e);
        if (ok && hooks->tick) hooks->tick(user, p.running);
        if (!ok || !p.running) break;
        ok = turn(&p, e);
        if (ok && interrupt_signal()) ok = error_set(e, "was interrupted by %s", strsignal(interrupt_signal()));
    }
    pool_finish(&p);
    scratch_folder_sweep(); /* of programs that trusted workers had started, where those were killed */
    return ok;
}
