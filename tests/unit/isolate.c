/* Foreign code in a child: what it returns, and how it dies. */
#include "workers/isolate.h"

#include "base/shared.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool answer(void *user, int fd) {
    isolate_write(fd, user, strlen(user));
    return true;
}

static bool refuse(void *user, int fd) {
    isolate_write(fd, user, strlen(user));
    return false;
}

static bool silent(void *user, int fd) {
    (void)user, (void)fd;
    return true;
}

static bool segfault(void *user, int fd) {
    (void)user, (void)fd;
    raise(SIGSEGV);
    return true;
}

static bool aborts(void *user, int fd) {
    (void)user;
    isolate_write(fd, "half an answer", 14);
    abort();
}

static bool leaves(void *user, int fd) {
    (void)fd;
    exit(*(const int *)user);
}

static bool sleeps(void *user, int fd) {
    (void)user, (void)fd;
    for (;;) pause();
    return true;
}

/* Says it is done, and leaves a process behind that holds the pipe. */
static bool daemonises(void *user, int fd) {
    if (fork() == 0) sleeps(NULL, 0);
    return answer(user, fd);
}

static bool closes_the_pipe(void *user, int fd) {
    (void)user;
    close(fd);
    return sleeps(NULL, 0);
}

static bool large(void *user, int fd) {
    size_t n = *(const size_t *)user;
    char *data = malloc(n);
    for (size_t i = 0; data && i < n; i++) data[i] = (char)(i % 251);
    isolate_write(fd, data, data ? n : 0);
    free(data);
    return true;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int zero = 0, three = 3;
static char words[] = "some words";

static const struct end {
    bool (*work)(void *, int);
    void *user;
    double seconds;
    const char *error; /* NULL: it works, and answers `words` */
} ends[] = {
    {answer, words, 10, NULL},
    {daemonises, words, 10, NULL},
    {refuse, words, 10, "some words"},
    {segfault, NULL, 10, "was killed by SIGSEGV (Segmentation fault)"},
    {aborts, NULL, 10, "was killed by SIGABRT (Aborted)"},
    {leaves, &zero, 10, "ended the process with exit code 0"},
    {leaves, &three, 10, "ended the process with exit code 3"},
    {sleeps, NULL, .2, "did not finish within 0.2 s"},
    {closes_the_pipe, NULL, .2, "did not finish within 0.2 s"},
};

Test(isolate, tells_how_it_ended, .timeout = 20) {
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct error e = {{0}};
        char *out = NULL;
        size_t size = 0;
        double begin = now();
        bool ok = isolate_run(ends[i].work, ends[i].user, ends[i].seconds, &out, &size, &e);
        cr_expect_eq(ok, !ends[i].error, "case %zu", i);
        cr_expect_str_eq(ok ? out : e.text, ends[i].error ? ends[i].error : words, "case %zu", i);
        cr_expect_lt(now() - begin, 5, "case %zu took too long", i);
        free(out);
    }
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
}

Test(isolate, brings_back_every_byte) {
    const size_t sizes[] = {0, 1, 65536, 5000001};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct error e = {{0}};
        char *out = NULL;
        size_t n = sizes[s], size = 0, wrong = 0;
        cr_assert(isolate_run(large, &n, 20, &out, &size, &e), "%s", e.text);
        cr_assert_eq(size, n);
        for (size_t i = 0; i < n; i++) wrong += out[i] != (char)(i % 251);
        cr_expect_eq(wrong, 0);
        cr_expect_eq(out[n], 0);
        free(out);
    }
}

Test(isolate, nothing_written_is_an_empty_answer) {
    struct error e;
    char *out = NULL;
    size_t size = 7;
    cr_assert(isolate_run(silent, NULL, 10, &out, &size, &e));
    cr_expect_eq(size, 0);
    cr_expect_str_eq(out, "");
    free(out);
}

/* Killed from outside the first so many times, as when memory runs out. */
struct starts {
    int count, killed;
};

static bool is_killed_at_first(void *user, int fd) {
    struct starts *s = user;
    if (s->count++ < s->killed) raise(SIGKILL);
    return answer(words, fd);
}

Test(isolate, starts_once_more_what_somebody_else_killed, .timeout = 20) {
    struct error e = {{0}};
    struct starts *s = shared_create(sizeof *s, &e);
    cr_assert_not_null(s);
    for (int killed = 0; killed < 4; killed++) {
        char *out = NULL;
        size_t size;
        *s = (struct starts){0, killed};
        bool ok = isolate_run(is_killed_at_first, s, 10, &out, &size, &e);
        cr_expect_eq(ok, killed < 2, "%d: %s", killed, e.text);
        if (ok) cr_expect_str_eq(out, words);
        else cr_expect_str_eq(e.text, "was killed by SIGKILL (Killed)");
        cr_expect_eq(s->count, killed ? 2 : 1);
        free(out);
    }
    shared_destroy(s, sizeof *s);
}
