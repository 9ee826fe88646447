/* Jobs in child processes: what they send, how they die, and that nothing of it touches the others. */
#include "workers/pool.h"

#include "base/clock.h"
#include "workers/interrupt.h"

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

struct pool_test {
    struct pool_job *jobs;
    struct log_line lines[64];
    size_t count;
    size_t wrong_bytes;
    double slow;      /* seconds the parent spends on every message */
    uint32_t fail_on; /* message of that type: the hook fails */
    uint32_t most_running;
};

typedef void (*child_work)(struct channel *);

static struct log_line *line(struct pool_test *b, const struct pool_job *job) {
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

static enum pool_answer message(void *user, struct pool_job *job, uint32_t type, const void *data, size_t size,
                                struct error *e) {
    struct pool_test *b = user;
    if (type == 77) return POOL_TAKEN;
    struct log_line *l = line(b, job);
    snprintf(l->text, sizeof l->text, "message %u %zu", type, size);
    for (size_t k = 0; k < size; k++) b->wrong_bytes += ((const unsigned char *)data)[k] != k % 251;
    if (b->slow > 0) nap(b->slow);
    if (type == b->fail_on) error_set(e, "message %u is not wanted", type);
    if (type == 66) error_set(e, "sent what nobody wants");
    return type == b->fail_on ? POOL_FAILURE : type == 66 ? POOL_BREACH : POOL_TAKEN;
}

static bool ended(void *user, struct pool_job *job, const char *death, struct error *e) {
    (void)e;
    struct log_line *l = line(user, job);
    snprintf(l->text, sizeof l->text, "ended%s%s", death ? ": " : "", death ? death : "");
    return true;
}

static void tick(void *user, uint32_t running) {
    struct pool_test *b = user;
    if (running > b->most_running) b->most_running = running;
}

static const struct pool_hooks hooks = {.work = work, .message = message, .ended = ended, .tick = tick};

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
/* In a session of its own, which the end of the job's group does not reach. */
static void leaves_its_session(struct channel *c) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) hang(c);
        _exit(0);
    }
    one(c);
}
static void is_killed(struct channel *c) {
    (void)c;
    raise(SIGKILL);
}
static void forge(struct channel *c, const unsigned char *bytes, size_t size) {
    ssize_t n = write(descriptor(c), bytes, size);
    (void)n;
}
/* Begins a message of 2^60 bytes and goes on: nobody may wait for it, or make room. */
static void boasts(struct channel *c) {
    const unsigned char header[16] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};
    forge(c, header, sizeof header);
    hang(c);
}
static void beats_with_a_load(struct channel *c) {
    const unsigned char beat[19] = {255, 255, 255, 255, 0, 0, 0, 0, 3};
    forge(c, beat, sizeof beat);
    hang(c);
}
static void beats_for_ever(struct channel *c) {
    for (;;) {
        nap(.01);
        channel_beat(c);
    }
}
/* A long message, byte by byte. */
static void drips(struct channel *c) {
    const unsigned char header[16] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16};
    forge(c, header, sizeof header);
    for (;;) {
        nap(.02);
        forge(c, header, 1);
    }
}
/* Messages and prints without end: the parent has time for nothing else, and yet looks at the clock. */
static void floods(struct channel *c) {
    for (;;) {
        for (int i = 0; i < 20; i++) puts("more");
        channel_send(c, 77, NULL, 0);
    }
}
static void is_refused(struct channel *c) {
    one(c);
    channel_send(c, 66, "\0\1\2\3", 4);
    one(c);
    hang(c);
}

static struct pool_job job(child_work *w, double cost, double limit) {
    return (struct pool_job){.user = w, .cost = cost, .limit = limit, .calls = 16, .largest = 6000000};
}

static void no_child_is_left(void) {
    errno = 0;
    cr_expect(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "a child is left");
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
    {"closes_its_pipe", closes_its_pipe, 10, {"ended: closed the pipe to its parent and went on"}},
    {"daemonises", daemonises, 10, {"message 1 10", "ended"}},
    {"leaves_its_session", leaves_its_session, 10, {"message 1 10", "ended"}},
    {"is_killed", is_killed, 10, {"ended: was killed by SIGKILL (Killed) twice"}},
    /* What only foreign code sends: time and memory are what the job declared, whatever comes. */
    {"beats_for_ever", beats_for_ever, .5, {"ended: sent more than 16 signs of life, which is what its 16 calls need"}},
    {"drips", drips, .3, {"ended: did not answer within its time limit of 0.3 s"}},
    {"floods", floods, .3, {"ended: did not answer within its time limit of 0.3 s"}},
    {"boasts", boasts, 10, {"ended: sent a message of 1152921504606846976 bytes, where 6000000 are the most"}},
    {"beats_with_a_load", beats_with_a_load, 10, {"ended: sent a message of 3 bytes, where 0 are the most"}},
    {"is_refused", is_refused, 10, {"message 1 10", "message 66 4", "ended: sent what nobody wants"}},
};
#define ENDINGS (sizeof endings / sizeof *endings)

static void check_endings(unsigned workers) {
    child_work works[ENDINGS];
    struct pool_job jobs[ENDINGS];
    struct pool_test b = {.jobs = jobs};
    struct error e = {{0}};
    double begin = clock_seconds();
    for (size_t i = 0; i < ENDINGS; i++) {
        works[i] = endings[i].work;
        jobs[i] = job(&works[i], 1, endings[i].limit);
    }
    int nowhere = open("/dev/null", O_WRONLY);
    cr_assert(pool_run(jobs, ENDINGS, workers, nowhere, &hooks, &b, &e), "%s", e.text);
    close(nowhere);
    cr_expect_lt(clock_seconds() - begin, 12);
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

/* ---- a worker that is killed from outside ---- */

static int trial; /* a file: each start of the child leaves a byte there */
static int begun; /* in the child: starts so far, this one included */

static int starts(void) {
    char bytes[16];
    return (int)pread(trial, bytes, sizeof bytes, 0);
}

static bool counts_starts(void *user, struct pool_job *job, struct error *e) {
    (void)user;
    (void)job;
    if (write(trial, "x", 1) != 1) return error_set(e, "cannot count");
    begun = starts();
    return true;
}

/* The first time as from an out-of-memory killer, with a result sent. */
static void dies_once(struct channel *c) {
    one(c);
    if (begun == 1) raise(SIGKILL);
    channel_send(c, 2, NULL, 0);
}

static bool says_again(void *user, struct pool_job *job, struct error *e) {
    (void)e;
    snprintf(line(user, job)->text, 160, "again");
    return true;
}

static void check_restart(child_work what, const char *const *lines, int wanted_starts) {
    const struct pool_hooks restarting = {counts_starts, work, message, says_again, ended, NULL, NULL};
    struct pool_job jobs[1] = {job(&what, 1, .4)};
    struct pool_test b = {.jobs = jobs};
    struct error e = {{0}};
    char path[] = "/tmp/assay-pool-XXXXXX";
    trial = mkstemp(path);
    unlink(path);
    cr_assert(trial >= 0 && pool_run(jobs, 1, 1, -1, &restarting, &b, &e), "%s", e.text);
    size_t at = 0;
    for (; lines[at]; at++)
        cr_expect(at < b.count && strcmp(b.lines[at].text, lines[at]) == 0, "%zu: %s", at, b.lines[at].text);
    cr_expect_eq(b.count, at);
    cr_expect_eq(starts(), wanted_starts);
    close(trial);
}

Test(pool, one_that_is_killed_starts_again_once, .timeout = 30) {
    const char *const once[] = {"message 1 10", "again", "message 1 10", "message 2 0", "ended", NULL};
    const char *const twice[] = {"again", "ended: was killed by SIGKILL (Killed) twice", NULL};
    check_restart(dies_once, once, 2);
    check_restart(is_killed, twice, 2);
}

Test(pool, one_that_is_late_or_crashes_does_not, .timeout = 30) {
    const char *const late[] = {"ended: did not answer within its time limit of 0.4 s", NULL};
    const char *const crashed[] = {"message 1 10", "ended: was killed by SIGSEGV (Segmentation fault)", NULL};
    check_restart(hang, late, 1);
    check_restart(crash, crashed, 1);
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
    struct pool_test b = {.jobs = jobs};
    struct error e = {{0}};
    gate = &jobs[3];
    jobs[1].ready = after_gate; /* the dearest, but not before the fourth ended */
    cr_assert(pool_run(jobs, 5, 1, -1, &hooks, &b, &e), "%s", e.text);
    cr_assert_eq(b.count, 10);
    for (size_t k = 0; k < 5; k++)
        cr_expect_eq(b.lines[2 * k].job, order[k], "place %zu: job %zu", k, b.lines[2 * k].job);
}

Test(pool, no_jobs_is_no_work) {
    struct pool_test b = {0};
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
    struct pool_test b = {.jobs = jobs, .slow = .7};
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
    struct pool_test b = {.jobs = jobs, .fail_on = 2};
    struct error e = {{0}};
    cr_expect_not(pool_run(jobs, 4, 3, -1, &hooks, &b, &e));
    cr_expect_str_eq(e.text, "message 2 is not wanted");
    cr_expect_eq(jobs[3].state, POOL_WAITING, "nothing new was begun");
    no_child_is_left();
}

/* ---- what children print ---- */

static void prints(struct channel *c) {
    (void)c;
    printf("to standard output\n\n");
    fprintf(stderr, "\033[31mred\tor \302\233 not \303\251 \377");
}

static void prints_too_much(struct channel *c) {
    static char text[1 << 16];
    memset(text, 'x', sizeof text);
    for (size_t k = 1; k <= sizeof text / 64; k++) text[64 * k - 1] = '\n';
    for (int i = 0; i < 100; i++)
        if (write(1, text, sizeof text) < 0) return;
    one(c);
}

/* What the log holds after one job; the caller frees. */
static char *log_of(child_work what, const char *name) {
    struct pool_job jobs[1] = {job(&what, 1, 10)};
    struct pool_test b = {.jobs = jobs};
    struct error e = {{0}};
    char path[] = "/tmp/assay-pool-XXXXXX", *text = calloc(8, 1 << 20);
    int log = mkstemp(path);
    unlink(path);
    jobs[0].name = name;
    cr_assert(text && log >= 0 && pool_run(jobs, 1, 1, log, &hooks, &b, &e), "%s", e.text);
    cr_expect_str_eq(b.lines[b.count - 1].text, "ended");
    cr_expect_gt(pread(log, text, (8 << 20) - 1, 0), 0);
    close(log);
    return text;
}

Test(pool, what_children_print_goes_to_the_log) {
    char *text = log_of(prints, "row");
    cr_expect_str_eq(text, "row: \\x1b[31mred\tor \\xc2\\x9b not \303\251 \\xffto standard output\nrow: \n");
    free(text);
}

Test(pool, one_childs_lines_are_cut) {
    char *text = log_of(prints_too_much, NULL), *last = strstr(text, "[cut here");
    cr_assert_not_null(last);
    cr_expect_str_eq(last, "[cut here: one job's lines may have 1048576 bytes]\n");
    cr_expect_leq(last - text, 1 << 20);
    free(text);
}

/* ---- the program is told to end ---- */

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

static int tell; /* write end, for the children's process numbers */

static bool tells_pid(void *user, struct pool_job *job, struct error *e) {
    int pid = (int)getpid();
    (void)user;
    (void)job;
    return write(tell, &pid, sizeof pid) == sizeof pid || error_set(e, "cannot tell");
}

/* A process whose pool of two hangs, and the numbers of its children; it ends with 7 when the pool fails. */
static pid_t hanging_pool(int pids[2]) {
    const struct pool_hooks telling = {tells_pid, work, message, NULL, ended, NULL, NULL};
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    tell = ends[1];
    pid_t parent = fork();
    if (parent == 0) {
        child_work works[2] = {hang, hang};
        struct pool_job jobs[2] = {job(&works[0], 1, 60), job(&works[1], 1, 60)};
        struct pool_test b = {.jobs = jobs};
        jobs[0].trusted = jobs[1].trusted = true; /* no scratch folder, that a killed parent would leave */
        signal(SIGINT, SIG_DFL); /* a shell's background job is started with SIGINT ignored, and so it would stay */
        interrupt_watch();
        _exit(pool_run(jobs, 2, 2, -1, &telling, &b, NULL) ? 0 : 7);
    }
    for (int k = 0; k < 2; k++) cr_assert_eq(read(ends[0], &pids[k], sizeof *pids), (ssize_t)sizeof *pids);
    close(ends[0]);
    close(ends[1]);
    return parent;
}

static void are_gone(const int pids[2]) {
    for (int k = 0; k < 2; k++) {
        char state = 'R';
        for (int wait = 0; wait < 100 && state && state != 'Z'; wait++) {
            nap(.05);
            state = state_of(pids[k]);
        }
        cr_expect(!state || state == 'Z', "process %d lives on (%c)", pids[k], state);
    }
}

Test(pool, children_go_with_their_parent, .timeout = 30) {
    int pids[2];
    pid_t parent = hanging_pool(pids);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    are_gone(pids);
}

Test(pool, an_interrupt_ends_the_children_first, .timeout = 30) {
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t s = 0; s < 2; s++) {
        int pids[2], status;
        pid_t parent = hanging_pool(pids);
        kill(parent, signals[s]);
        cr_assert_eq(waitpid(parent, &status, 0), parent);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %x", status);
        cr_expect(!state_of(pids[0]) && !state_of(pids[1]));
    }
}
