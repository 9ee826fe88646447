/* pool.c: starting jobs in their order, reading what they send, and holding them to what they declared. */
#include "workers/pool.h"

#include "base/clock.h"
#include "workers/interrupt.h"
#include "workers/pool_state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_WORDS 1.0 /* seconds that a child has to end after it closed its pipe */

struct channel {
    int fd;
    struct helpers helpers;
};

/* ---- In the child ---- */

void channel_send(struct channel *c, uint32_t type, const void *data, size_t size) {
    struct pool_header h = {type, 0, size};
    child_write(c->fd, &h, sizeof h);
    child_write(c->fd, data, size);
}

void channel_beat(struct channel *c) {
    channel_send(c, POOL_BEAT, NULL, 0);
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
    channel_send(&c, POOL_FINISHED, NULL, 0);
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

/* Jobs for places elsewhere, while there are more than the own workers take next. */
static bool give_away(struct pool *p, struct error *e) {
    for (struct pool_job *job; p->remote && (job = choose(p));) {
        bool taken = false;
        if (!p->remote->start(p->remote->state, (size_t)(job - p->jobs), &taken, e)) return false;
        if (!taken) break;
        job->state = POOL_RUNNING;
        p->away++;
    }
    return true;
}

static bool fill(struct pool *p, struct error *e) {
    for (unsigned i = 0; i < p->worker_count; i++) {
        if (p->workers[i].job) continue;
        struct pool_job *job = choose(p);
        if (!job && p->hooks->more && !p->over) job = p->hooks->more(p->user, &p->over);
        if (!job) break;
        if (!start(p, &p->workers[i], job, e)) return false;
    }
    return give_away(p, e);
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

/* The process is gone. death: room for " twice" behind it. */
static bool conclude(struct pool *p, struct pool_job *job, char *death, bool outside, struct error *e) {
    job->killed += outside;
    if (outside && job->killed == 1 && !job->once) {
        job->state = POOL_WAITING;
        return !p->hooks->again || p->hooks->again(p->user, job, e);
    }
    if (outside && !job->once) memcpy(death + strlen(death), " twice", sizeof " twice");
    job->state = POOL_ENDED;
    double begin = clock_seconds();
    bool ok = p->hooks->ended(p->user, job, death[0] ? death : NULL, e);
    p->hooked += clock_seconds() - begin;
    return ok;
}

static bool reap(struct pool *p, struct worker *w, struct error *e) {
    char death[sizeof w->breach.text + sizeof " twice"] = "";
    bool outside;
    struct pool_job *job = w->job;
    find_death(w, death, sizeof w->breach.text, &outside);
    job->breach = !w->finished && w->breach.text[0];
    end_worker(p, w);
    return conclude(p, job, death, outside, e);
}

static bool serve(struct pool *p, struct worker *w, bool readable, double now, struct error *e) {
    bool end = false;
    printed_take(&w->printed);
    if (readable && !pool_receive(p, w, &end, e)) return false;
    if (!end && now - w->last_beat > limit_of(w)) {
        w->overdue = true;
        end = true;
    }
    return !end || reap(p, w, e);
}

/* ---- Elsewhere ---- */

static bool take_event(struct pool *p, const struct pool_event *event, struct error *e) {
    char death[sizeof event->death.text + sizeof " twice"];
    struct pool_job *job = &p->jobs[event->job];
    struct error breach = {{0}};
    memcpy(death, event->death.text, sizeof event->death.text);
    switch (event->kind) {
    case POOL_MESSAGE:
        if (!pool_take(p, job, event->type, event->data, event->size, &breach, e)) return false;
        if (!breach.text[0]) return true;
        p->remote->cancel(p->remote->state, event->job);
        job->breach = true;
        memcpy(death, breach.text, sizeof breach.text);
        break;
    case POOL_END: job->breach = event->breach; break;
    case POOL_LOST: /* not the job's fault, so it is not counted */
        p->away--;
        job->state = POOL_WAITING;
        return !p->hooks->again || p->hooks->again(p->user, job, e);
    }
    p->away--;
    return conclude(p, job, death, event->outside, e);
}

static bool take_events(struct pool *p, bool *any, struct error *e) {
    struct pool_event event;
    bool ok = true;
    *any = false;
    for (bool there = true; ok && there;) {
        ok = p->remote->next(p->remote->state, &event, &there, e);
        if (ok && there) ok = take_event(p, &event, e);
        *any = *any || there;
    }
    return ok;
}

/* How long nobody looks at what comes from elsewhere. */
#define PAUSE 5 /* ms */

static bool turn(struct pool *p, struct error *e) {
    bool busy = false;
    if (p->remote && !take_events(p, &busy, e)) return false;
    const int pause = busy ? 0 : p->remote || p->hooks->more ? PAUSE : 250;
    for (unsigned i = 0; i < p->worker_count; i++) {
        const struct worker *w = &p->workers[i];
        p->fds[2 * i] = (struct pollfd){w->job ? w->child.fd : -1, POLLIN, 0};
        p->fds[2 * i + 1] = (struct pollfd){w->job ? w->printed.read : -1, POLLIN, 0};
    }
    if (poll(p->fds, 2 * p->worker_count, pause) < 0 && errno != EINTR)
        return error_set(e, "poll: %s", strerror(errno));
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
    return pool_run_with(jobs, count, workers, log, hooks, user, NULL, e);
}

bool pool_run_with(struct pool_job *jobs, size_t count, unsigned workers, int log, const struct pool_hooks *hooks,
                   void *user, const struct pool_remote *remote, struct error *e) {
    struct pool p = {.jobs = jobs,
                     .count = count,
                     .worker_count = workers,
                     .log = log >= 0 ? log : STDERR_FILENO,
                     .hooks = hooks,
                     .user = user,
                     .remote = remote};
    bool ok = pool_init(&p, e);
    while (ok) {
        ok = fill(&p, e);
        if (ok && hooks->tick) hooks->tick(user, p.running);
        if (!ok || !(p.running || p.away || (hooks->more && !p.over))) break;
        ok = turn(&p, e);
        if (ok && interrupt_signal()) ok = error_set(e, "was interrupted by %s", strsignal(interrupt_signal()));
    }
    pool_finish(&p);
    scratch_folder_sweep(); /* of programs that trusted workers had started, where those were killed */
    return ok;
}
