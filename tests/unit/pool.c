/* Jobs in child processes: what they send, how they die, and that nothing of it touches the others. */
#include "workers/pool.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct log_line {
    size_t job;
    char text[160]; /* "message TYPE SIZE", "ended", "ended: HOW" */
};

struct bench {
    struct pool_job *jobs;
    struct log_line lines[64];
    size_t count;
    size_t wrong_bytes;
    double slow;      /* seconds the parent spends on every message */
    uint32_t fail_on; /* message of that type: the hook fails */
    uint32_t most_running;
};

typedef void (*child_work)(struct channel *);

static struct log_line *line(struct bench *b, const struct pool_job *job) {
    cr_assert_lt(b->count, 64);
    b->lines[b->count].job = (size_t)(job - b->jobs);
    return &b->lines[b->count++];
}

static void work(void *user, struct pool_job *job, struct channel *channel) {
    (void)user;
    child_work run;
    memcpy(&run, job->user, sizeof run);
    run(channel);
}

static void nap(double seconds) {
    struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
    nanosleep(&t, NULL);
}

static bool message(void *user, struct pool_job *job, uint32_t type, const void *data, size_t size, struct error *e) {
    struct bench *b = user;
    struct log_line *l = line(b, job);
    snprintf(l->text, sizeof l->text, "message %u %zu", type, size);
    for (size_t k = 0; k < size; k++) b->wrong_bytes += ((const unsigned char *)data)[k] != k % 251;
    if (b->slow > 0) nap(b->slow);
    return type != b->fail_on || error_set(e, "message %u is not wanted", type);
}

static bool ended(void *user, struct pool_job *job, const char *death, struct error *e) {
    (void)e;
    struct log_line *l = line(user, job);
    snprintf(l->text, sizeof l->text, "ended%s%s", death ? ": " : "", death ? death : "");
    return true;
}

static void tick(void *user, uint32_t running) {
    struct bench *b = user;
    if (running > b->most_running) b->most_running = running;
}

static const struct pool_hooks hooks = {work, message, ended, tick, NULL};

/* ---- what children do ---- */

static void send_bytes(struct channel *c, uint32_t type, size_t size) {
    unsigned char *bytes = malloc(size + 1);
    for (size_t k = 0; bytes && k < size; k++) bytes[k] = (unsigned char)(k % 251);
    channel_send(c, type, bytes, size);
    free(bytes);
}

static void one(struct channel *c) {
    send_bytes(c, 1, 10);
}
static void nothing(struct channel *c) {
    (void)c;
}
static void three(struct channel *c) {
    for (uint32_t k = 1; k <= 3; k++) send_bytes(c, k, k - 1);
}
static void large(struct channel *c) {
    send_bytes(c, 7, 5000001);
    send_bytes(c, 8, 3000000);
}
static void crash(struct channel *c) {
    one(c);
    raise(SIGSEGV);
}
static void aborts(struct channel *c) {
    (void)c;
    abort();
}
static void leaves(struct channel *c) {
    (void)c;
    _exit(3);
}
static void leaves_quietly(struct channel *c) {
    (void)c;
    _exit(0);
}
static void hang(struct channel *c) {
    (void)c;
    for (;;) pause();
}
static void stops(struct channel *c) {
    (void)c;
    raise(SIGSTOP);
}
static void beats(struct channel *c) {
    for (int k = 0; k < 8; k++) {
        nap(.1);
        channel_beat(c);
    }
}
/* What foreign code could find out: a channel begins with its descriptor. */
static int descriptor(const struct channel *c) {
    int fd;
    memcpy(&fd, c, sizeof fd);
    return fd;
}
static void closes_its_pipe(struct channel *c) {
    close(descriptor(c));
    hang(c);
}
static void daemonises(struct channel *c) {
    if (fork() == 0) hang(c);
    one(c);
}
/* Begins a message of 2^60 bytes and leaves: nobody may wait for it, or make room. */
static void boasts(struct channel *c) {
    unsigned char header[16] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};
    ssize_t n = write(descriptor(c), header, sizeof header);
    (void)n;
    _exit(0);
}

static struct pool_job job(child_work *w, double cost, double limit) {
    return (struct pool_job){.user = w, .cost = cost, .limit = limit};
}

static void no_child_is_left(void) {
    errno = 0;
    cr_expect(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "a child is left");
}

static bool always(void *user) {
    (void)user;
    return true;
}

Test(pool, an_interruption_ends_every_job) {
    child_work works[] = {hang, hang, one};
    struct pool_job jobs[3];
    struct bench b = {.jobs = jobs};
    struct error e = {{0}};
    struct pool_hooks stopping = hooks;
    stopping.interrupted = always;
    for (size_t i = 0; i < 3; i++) jobs[i] = job(&works[i], 1, 60);
    double begin = clock_seconds();
    cr_expect_not(pool_run(jobs, 3, 2, -1, &stopping, &b, &e));
    cr_expect_str_eq(e.text, "interrupted");
    cr_expect_lt(clock_seconds() - begin, 9);
    no_child_is_left();
}

static const struct ending {
    const char *name;
    child_work work;
    double limit;
    const char *lines[4];
} endings[] = {
    {"one", one, 10, {"message 1 10", "ended"}},
    {"nothing", nothing, 10, {"ended"}},
    {"three", three, 10, {"message 1 0", "message 2 1", "message 3 2", "ended"}},
    {"large", large, 10, {"message 7 5000001", "message 8 3000000", "ended"}},
    {"crash", crash, 10, {"message 1 10", "ended: was killed by SIGSEGV (Segmentation fault)"}},
    {"aborts", aborts, 10, {"ended: was killed by SIGABRT (Aborted)"}},
    {"leaves", leaves, 10, {"ended: ended the process with exit code 3"}},
    {"leaves_quietly", leaves_quietly, 10, {"ended: ended the process with exit code 0"}},
    {"hang", hang, .3, {"ended: did not answer within its time limit of 0.3 s"}},
    {"stops", stops, .3, {"ended: did not answer within its time limit of 0.3 s"}},
    {"beats", beats, .6, {"ended"}},
    {"closes_its_pipe", closes_its_pipe, 10, {"ended: was killed by SIGKILL (Killed)"}},
    {"daemonises", daemonises, 10, {"message 1 10", "ended"}},
};
#define ENDINGS (sizeof endings / sizeof *endings)

static void check_endings(unsigned workers) {
    child_work works[ENDINGS];
    struct pool_job jobs[ENDINGS];
    struct bench b = {.jobs = jobs};
    struct error e = {{0}};
    double begin = clock_seconds();
    for (size_t i = 0; i < ENDINGS; i++) {
        works[i] = endings[i].work;
        jobs[i] = job(&works[i], 1, endings[i].limit);
    }
    cr_assert(pool_run(jobs, ENDINGS, workers, -1, &hooks, &b, &e), "%s", e.text);
    cr_expect_lt(clock_seconds() - begin, 9);
    cr_expect_eq(b.wrong_bytes, 0);
    cr_expect_leq(b.most_running, workers);
    for (size_t i = 0; i < ENDINGS; i++) {
        size_t at = 0;
        cr_expect_eq(jobs[i].state, POOL_ENDED);
        for (size_t k = 0; k < b.count; k++) {
            if (b.lines[k].job != i) continue;
            cr_assert(at < 4 && endings[i].lines[at], "%s: too much: %s", endings[i].name, b.lines[k].text);
            cr_expect_str_eq(b.lines[k].text, endings[i].lines[at], "%s: %s", endings[i].name, b.lines[k].text);
            at++;
        }
        cr_expect(at == 4 || !endings[i].lines[at], "%s: too little", endings[i].name);
    }
    no_child_is_left();
}

Test(pool, each_ends_in_its_own_way, .timeout = 30) {
    check_endings(1);
}
Test(pool, and_side_by_side, .timeout = 30) {
    check_endings(4);
}

Test(pool, a_boast_costs_nothing, .timeout = 30) {
    child_work works[2] = {boasts, one};
    struct pool_job jobs[2] = {job(&works[0], 2, 10), job(&works[1], 1, 10)};
    struct bench b = {.jobs = jobs};
    struct error e = {{0}};
    cr_assert(pool_run(jobs, 2, 1, -1, &hooks, &b, &e), "%s", e.text);
    cr_assert_eq(b.count, 3);
    cr_expect_str_eq(b.lines[0].text, "ended: ended the process with exit code 0");
    cr_expect_str_eq(b.lines[2].text, "ended");
}

/* ---- order ---- */

static const struct pool_job *gate;

static bool after_gate(const struct pool_job *j) {
    (void)j;
    return gate->state == POOL_ENDED;
}

Test(pool, dear_jobs_first_and_those_that_wait_after_what_they_wait_for) {
    child_work works[5] = {one, one, one, one, one};
    struct pool_job jobs[5] = {job(&works[0], 1, 10), job(&works[1], 50, 10), job(&works[2], 9, 10),
                               job(&works[3], 2, 10), job(&works[4], 9, 10)};
    static const size_t order[5] = {2, 4, 3, 1, 0};
    struct bench b = {.jobs = jobs};
    struct error e = {{0}};
    gate = &jobs[3];
    jobs[1].ready = after_gate; /* the dearest, but not before the fourth ended */
    cr_assert(pool_run(jobs, 5, 1, -1, &hooks, &b, &e), "%s", e.text);
    cr_assert_eq(b.count, 10);
    for (size_t k = 0; k < 5; k++)
        cr_expect_eq(b.lines[2 * k].job, order[k], "place %zu: job %zu", k, b.lines[2 * k].job);
}

Test(pool, no_jobs_is_no_work) {
    struct bench b = {0};
    struct error e = {{0}};
    cr_expect(pool_run(NULL, 0, 2, -1, &hooks, &b, &e));
}

/* ---- time ---- */

static void beats_often(struct channel *c) {
    for (int k = 0; k < 16; k++) {
        nap(.08);
        channel_beat(c);
    }
}

static void tells_twice(struct channel *c) {
    one(c);
    nap(.1);
    one(c);
}

/* A worker is not late because the parent had no time for it. */
Test(pool, a_slow_parent_is_not_the_workers_fault, .timeout = 30) {
    child_work works[2] = {tells_twice, beats_often};
    struct pool_job jobs[2] = {job(&works[0], 2, 5), job(&works[1], 1, .4)};
    struct bench b = {.jobs = jobs, .slow = .7};
    struct error e = {{0}};
    cr_assert(pool_run(jobs, 2, 2, -1, &hooks, &b, &e), "%s", e.text);
    for (size_t k = 0; k < b.count; k++)
        cr_expect(!strchr(b.lines[k].text, ':'), "job %zu %s", b.lines[k].job, b.lines[k].text);
}

/* ---- the end ---- */

Test(pool, a_failing_hook_stops_all, .timeout = 30) {
    child_work works[4] = {hang, hang, three, one};
    struct pool_job jobs[4] = {job(&works[0], 4, 60), job(&works[1], 3, 60), job(&works[2], 2, 60),
                               job(&works[3], 1, 60)};
    struct bench b = {.jobs = jobs, .fail_on = 2};
    struct error e = {{0}};
    cr_expect_not(pool_run(jobs, 4, 3, -1, &hooks, &b, &e));
    cr_expect_str_eq(e.text, "message 2 is not wanted");
    cr_expect_eq(jobs[3].state, POOL_WAITING, "nothing new was begun");
    no_child_is_left();
}

static void prints(struct channel *c) {
    (void)c;
    printf("to standard output");
    fprintf(stderr, " and to standard error ");
}

Test(pool, what_children_print_goes_to_the_log) {
    child_work works[1] = {prints};
    struct pool_job jobs[1] = {job(&works[0], 1, 10)};
    struct bench b = {.jobs = jobs};
    struct error e = {{0}};
    char path[] = "/tmp/assay-pool-XXXXXX", text[200] = "";
    int log = mkstemp(path);
    cr_assert_geq(log, 0);
    cr_assert(pool_run(jobs, 1, 1, log, &hooks, &b, &e), "%s", e.text);
    cr_expect_gt(pread(log, text, sizeof text - 1, 0), 0);
    cr_expect_str_eq(text, " and to standard error to standard output");
    close(log);
    unlink(path);
}

/* State letter of a process as /proc says, or 0 when it is gone. */
static char state_of(int pid) {
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1) state = 0;
    fclose(f);
    return state;
}

static int tell; /* write end, for the grandchildren's process numbers */

static void tells_pid_and_hangs(struct channel *c) {
    int pid = (int)getpid();
    ssize_t n = write(tell, &pid, sizeof pid);
    (void)n;
    hang(c);
}

Test(pool, children_go_with_their_parent, .timeout = 30) {
    int ends[2], pids[2];
    cr_assert_eq(pipe(ends), 0);
    tell = ends[1];
    pid_t parent = fork();
    if (parent == 0) {
        child_work works[2] = {tells_pid_and_hangs, tells_pid_and_hangs};
        struct pool_job jobs[2] = {job(&works[0], 1, 60), job(&works[1], 1, 60)};
        struct bench b = {.jobs = jobs};
        pool_run(jobs, 2, 2, -1, &hooks, &b, NULL);
        _exit(0);
    }
    cr_assert_eq(read(ends[0], &pids[0], sizeof *pids), (ssize_t)sizeof *pids);
    cr_assert_eq(read(ends[0], &pids[1], sizeof *pids), (ssize_t)sizeof *pids);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    for (int k = 0; k < 2; k++) {
        char state = 'R';
        for (int wait = 0; wait < 100 && state && state != 'Z'; wait++) {
            nap(.05);
            state = state_of(pids[k]);
        }
        cr_expect(!state || state == 'Z', "process %d lives on (%c)", pids[k], state);
    }
}
