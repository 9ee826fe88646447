/* Children that draw: how each is started, listened to and ended. */
#include "reports/gnuplot.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "workers/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_STARTED 127 /* as shells have it */
#define MOST_AT_ONCE 64u
#define TICK_MS 20       /* between two looks at children that keep silent */
#define TICK_CLOSED_MS 1 /* and at those that have closed their output, and are about to end */

enum outcome { RUNNING, DONE, FAILED, MISSING };

struct gnuplot_job {
    char *name; /* of the script, without .gp */
    const char *format;
    pid_t child;
    int log;        /* what it says; -1: closed */
    char said[512]; /* the beginning of that */
    size_t used;
    double deadline;
};

bool gnuplot_jobs_add(struct gnuplot_jobs *all, const char *name, struct error *e) {
    static const char *const formats[] = {"png", "svg"};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct gnuplot_job *more = array_grow(all->job, all->count, sizeof *more);
        char *copy = more ? text_copy(name) : NULL;
        if (more) all->job = more;
        if (!copy) return error_memory(e);
        all->job[all->count++] = (struct gnuplot_job){.name = copy, .format = formats[i], .log = -1};
    }
    return true;
}

bool gnuplot_jobs_have(const struct gnuplot_jobs *all, const char *name) {
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->job[i].name, name) == 0) return true;
    return false;
}

void gnuplot_jobs_finish(struct gnuplot_jobs *all) {
    for (size_t i = 0; i < all->count; i++) free(all->job[i].name);
    free(all->job);
    *all = (struct gnuplot_jobs){0};
}

/* ---- one picture ---- */

/* gnuplot takes and returns some megabytes for every map it draws, and glibc would return each of them to the system.
 * Other C libraries do not look. */
static void keep_memory(void) {
    setenv("MALLOC_MMAP_THRESHOLD_", "1000000000", 0);
    setenv("MALLOC_TRIM_THRESHOLD_", "1000000000", 0);
    setenv("MALLOC_TOP_PAD_", "33554432", 0);
}

/* In the child: quiet, and without the user's own start-up files, which would change the figures. */
static _Noreturn void become_gnuplot(const char *script, const char *format, const char *folder, int log) {
    char setting[64];
    int nothing = open("/dev/null", O_RDONLY);

    snprintf(setting, sizeof setting, "format='%s'", format);
    keep_memory();
    const char *const arguments[] = {"gnuplot", "-d", "-e", setting, script, NULL};
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0 && chdir(folder) == 0)
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(EXIT_NOT_STARTED);
}

static bool start(struct gnuplot_job *job, const char *folder, double seconds, struct error *e) {
    char *picture = text_format("%s/%s.%s", folder, job->name, job->format), *script = text_format("%s.gp", job->name);
    int ends[2];

    job->child = -1;
    if (picture && script && pipe(ends) == 0) {
        unlink(picture);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        fcntl(ends[1], F_SETFD, FD_CLOEXEC); /* or the next child would keep this one's end open */
        pid_t parent = getpid();
        job->child = fork();
        if (job->child == 0) {
            isolate_enter(parent);
            become_gnuplot(script, job->format, folder, ends[1]);
        }
        close(ends[1]);
        job->log = ends[0];
        job->deadline = clock_seconds() + seconds;
        if (job->child > 0) setpgid(job->child, job->child); /* on both sides of the fork: whoever comes first */
        else close(ends[0]);
    }
    free(picture);
    free(script);
    return job->child > 0 ||
           error_set(e, "%s/%s.gp: gnuplot was not started: a pipe and a child process were wanted", folder, job->name);
}

/* Keeps the beginning of what the child says, and drains some of the rest, without waiting. */
static void listen_to(struct gnuplot_job *job) {
    for (int reads = 0; job->log >= 0 && reads < 64; reads++) {
        char spill[4096];
        size_t room = sizeof job->said - 1 - job->used;
        ssize_t n = read(job->log, room ? job->said + job->used : spill, room ? room : sizeof spill);
        if (n < 0 && errno == EAGAIN) return;
        if (n > 0 && room) job->used += (size_t)n;
        if (n > 0 || (n < 0 && errno == EINTR)) continue;
        close(job->log);
        job->log = -1;
    }
}

static bool picture_is_there(const struct gnuplot_job *job, const char *folder) {
    char *path = text_format("%s/%s.%s", folder, job->name, job->format);
    struct stat status;
    bool there = path && stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;

    free(path);
    return there;
}

/* What it means that the child ended that way. */
static enum outcome judge_end(struct gnuplot_job *job, const char *folder, int status, struct error *e) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        if (picture_is_there(job, folder)) return DONE;
        error_set(e, "%s/%s.%s: gnuplot reported success and wrote no picture", folder, job->name, job->format);
        return FAILED;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_STARTED) {
        error_set(e,
                  "%s: gnuplot cannot be started: the scripts and data are there, the pictures are not; install "
                  "gnuplot (apt-get install gnuplot-nox), then write the figures again or run `gnuplot %s.gp` in that "
                  "folder",
                  folder, job->name);
        return MISSING;
    }
    char *said = text_clean(job->said); /* gnuplot marks the place of an error with a caret on its own line */
    size_t length = said ? strlen(said) : 0;
    while (length && said[length - 1] == ' ') length--;
    error_set(e, "%s/%s.gp: gnuplot failed: %.*s", folder, job->name, (int)length, said ? said : "");
    free(said);
    return FAILED;
}

/* Looks at a child without waiting for it. */
static enum outcome look_at(struct gnuplot_job *job, const char *folder, double seconds, struct error *e) {
    siginfo_t ended = {0};
    int status;

    listen_to(job);
    bool over = waitid(P_PID, (id_t)job->child, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == job->child;
    bool late = !over && clock_seconds() > job->deadline;
    if (!over && !late) return RUNNING;
    kill(-job->child, SIGKILL); /* and what it started; it is not waited for, so nobody else has its number */
    kill(job->child, SIGKILL);
    while (waitpid(job->child, &status, 0) < 0 && errno == EINTR) {}
    listen_to(job);
    if (job->log >= 0) close(job->log); /* somebody who left its group holds the other end */
    job->log = -1;
    if (!late) return judge_end(job, folder, status, e);
    error_set(e,
              "%s/%s.gp: gnuplot took longer than %g s for the %s picture and was stopped; run `gnuplot %s.gp` in "
              "that folder to see why",
              folder, job->name, seconds, job->format, job->name);
    return FAILED;
}

/* ---- all of them ---- */

struct drawing {
    struct gnuplot_jobs *all;
    const char *folder;
    double seconds;
    size_t left; /* jobs not begun: the first ones */
    struct gnuplot_job *running[MOST_AT_ONCE];
    size_t count;
    const struct gnuplot_job *failed; /* the first in order */
    size_t failures;
    struct error why; /* of that one */
    bool missing;     /* gnuplot itself */
};

static void note(struct drawing *d, const struct gnuplot_job *job, const struct error *why) {
    d->failures++;
    if (d->failed && d->failed < job) return;
    d->failed = job;
    d->why = *why;
}

static void begin(struct drawing *d, size_t width) {
    struct error why;

    while (d->left && d->count < width) {
        struct gnuplot_job *job = &d->all->job[--d->left];
        if (start(job, d->folder, d->seconds, &why)) d->running[d->count++] = job;
        else note(d, job, &why);
    }
}

/* Waits until one says something, or a little while, and looks at all. */
static void attend(struct drawing *d) {
    struct pollfd logs[MOST_AT_ONCE];
    size_t kept = 0, count = d->count;
    bool closed = false;
    struct error why;

    for (size_t i = 0; i < count; i++) {
        logs[i] = (struct pollfd){.fd = d->running[i]->log, .events = POLLIN}; /* -1 is passed over */
        closed = closed || logs[i].fd < 0;
    }
    poll(logs, count, closed ? TICK_CLOSED_MS : TICK_MS);
    for (size_t i = 0; i < count; i++) {
        struct gnuplot_job *job = d->running[i];
        enum outcome outcome = look_at(job, d->folder, d->seconds, &why);
        if (outcome == RUNNING) d->running[kept++] = job;
        else if (outcome != DONE) note(d, job, &why);
        if (outcome != MISSING) continue;
        d->missing = true;
        d->left = 0;
    }
    d->count = kept;
}

bool gnuplot_jobs_run(struct gnuplot_jobs *all, const char *folder, unsigned width, double seconds, struct error *e) {
    struct drawing d = {.all = all, .folder = folder, .seconds = seconds, .left = all->count};
    size_t at_once = width < 1 ? 1 : width > MOST_AT_ONCE ? MOST_AT_ONCE : width;

    for (begin(&d, at_once); d.count; begin(&d, at_once)) attend(&d);
    if (!d.failed) return true;
    if (d.failures < 2 || d.missing) return error_set(e, "%s", d.why.text);
    return error_set(e, "%s (%zu pictures failed; this is the first)", d.why.text, d.failures);
}
