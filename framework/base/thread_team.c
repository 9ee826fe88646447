/* thread_team.c: helpers that sleep on a condition variable until there is a job, and take its parts by a counter. */
#include "base/thread_team.h"

#include "base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* How long a thread looks out for the next job, or for the end of one, before it sleeps: to be woken takes longer. It
 * does not yield meanwhile: where others want its core, the system would let them have it for milliseconds. */
#define PATIENCE 20e-6
#define LOOKS 64 /* between looks at the clock */

struct helper {
    struct thread_team *team;
    unsigned worker;
    pthread_t thread;
};

struct thread_team {
    pid_t process; /* that has the threads; its forks have none */
    unsigned helper_count;
    pthread_mutex_t lock;
    pthread_cond_t begin, end;

    /* Written under the lock: the job while no helper is at it, ... */
    thread_team_part *run;
    void *job;
    unsigned parts;
    bool open;          /* ... which a helper may join */
    bool closing;       /* the team is dissolved */
    atomic_uint jobs;   /* that have been, to tell the next */
    atomic_uint active; /* helpers at the job */
    atomic_uint next;   /* part that nobody has begun */
    atomic_bool busy;   /* in thread_team_run */
    struct helper helpers[];
};

static void take_parts(struct thread_team *t, unsigned worker) {
    for (unsigned part; (part = atomic_fetch_add(&t->next, 1)) < t->parts;) t->run(t->job, part, worker);
}

static void look_again(void) {
#if defined __x86_64__
    __builtin_ia32_pause();
#endif
}

/* Until *count is another than `old`, or patience ends. */
static void look_out(atomic_uint *count, unsigned old) {
    double until = clock_seconds() + PATIENCE;
    do
        for (int i = 0; i < LOOKS; i++, look_again())
            if (atomic_load(count) != old) return;
    while (clock_seconds() < until);
}

/* ---- A helper ---- */

/* Waits for the job after `*seen`; false when there will be none. */
static bool join_job(struct thread_team *t, unsigned *seen, bool *open) {
    look_out(&t->jobs, *seen);
    pthread_mutex_lock(&t->lock);
    while (atomic_load(&t->jobs) == *seen && !t->closing) pthread_cond_wait(&t->begin, &t->lock);
    bool more = !t->closing;
    *seen = atomic_load(&t->jobs);
    *open = t->open;
    if (more && *open) atomic_fetch_add(&t->active, 1);
    pthread_mutex_unlock(&t->lock);
    return more;
}

static void *help(void *user) {
    struct helper *h = user;
    struct thread_team *t = h->team;
    bool open;
    for (unsigned seen = 0; join_job(t, &seen, &open);) {
        if (!open) continue;
        take_parts(t, h->worker);
        pthread_mutex_lock(&t->lock);
        if (atomic_fetch_sub(&t->active, 1) == 1) pthread_cond_signal(&t->end);
        pthread_mutex_unlock(&t->lock);
    }
    return NULL;
}

/* ---- The team ---- */

/* Signals are for the caller's thread. */
static void start_helpers(struct thread_team *t, unsigned count) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; t->helper_count < count; t->helper_count++) {
        struct helper *h = &t->helpers[t->helper_count];
        h->team = t;
        h->worker = t->helper_count + 1;
        if (pthread_create(&h->thread, NULL, help, h) != 0) break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool thread_team_create(unsigned size, struct thread_team **out, struct error *e) {
    unsigned helpers = size < 1 ? 0 : size > THREAD_TEAM_MOST ? THREAD_TEAM_MOST - 1 : size - 1;
    struct thread_team *t = calloc(1, sizeof *t + helpers * sizeof *t->helpers);
    if (!t) return error_memory(e);
    t->process = getpid();
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->begin, NULL);
    pthread_cond_init(&t->end, NULL);
    start_helpers(t, helpers);
    *out = t;
    return true;
}

static bool has_helpers(const struct thread_team *t) {
    return t && t->helper_count > 0 && t->process == getpid();
}

void thread_team_destroy(struct thread_team *t) {
    if (!t) return;
    if (has_helpers(t)) {
        pthread_mutex_lock(&t->lock);
        t->closing = true;
        pthread_mutex_unlock(&t->lock);
        pthread_cond_broadcast(&t->begin);
        for (unsigned i = 0; i < t->helper_count; i++) pthread_join(t->helpers[i].thread, NULL);
    }
    if (t->process == getpid()) {
        pthread_cond_destroy(&t->end);
        pthread_cond_destroy(&t->begin);
        pthread_mutex_destroy(&t->lock);
    }
    free(t);
}

unsigned thread_team_size(const struct thread_team *t) {
    return t ? t->helper_count + 1 : 1;
}

static void begin_job(struct thread_team *t, unsigned parts, thread_team_part *run, void *job) {
    pthread_mutex_lock(&t->lock);
    t->run = run;
    t->job = job;
    t->parts = parts;
    t->open = true;
    atomic_store(&t->next, 0);
    atomic_fetch_add(&t->jobs, 1);
    pthread_mutex_unlock(&t->lock);
    pthread_cond_broadcast(&t->begin);
}

/* Nothing is left to begin: waits for those who have. */
static void end_job(struct thread_team *t) {
    for (unsigned active; (active = atomic_load(&t->active)) > 0;) {
        look_out(&t->active, active);
        if (atomic_load(&t->active) == active) break;
    }
    pthread_mutex_lock(&t->lock);
    t->open = false;
    while (atomic_load(&t->active) > 0) pthread_cond_wait(&t->end, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

void thread_team_run(struct thread_team *t, unsigned parts, thread_team_part *run, void *job) {
    if (parts < 2 || !has_helpers(t) || atomic_exchange(&t->busy, true)) {
        for (unsigned part = 0; part < parts; part++) run(job, part, 0);
        return;
    }
    begin_job(t, parts, run, job);
    take_parts(t, 0);
    end_job(t);
    atomic_store(&t->busy, false);
}

struct ranges {
    thread_team_range *run;
    void *job;
    size_t n, piece;
};

static void run_range(void *user, unsigned part, unsigned worker) {
    (void)worker;
    const struct ranges *r = user;
    size_t first = part * r->piece, left = r->n - first;
    r->run(r->job, first, left < r->piece ? left : r->piece);
}

void thread_team_share(struct thread_team *t, size_t n, size_t piece, thread_team_range *run, void *job) {
    struct ranges r = {run, job, n, piece};
    if (n <= piece || thread_team_size(t) == 1) run(job, 0, n);
    else thread_team_run(t, (unsigned)((n + piece - 1) / piece), run_range, &r);
}
