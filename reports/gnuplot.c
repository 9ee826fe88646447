#include "reports/gnuplot.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_STARTED 127 /* as shells have it */
#define MOST_AT_ONCE 64u

struct gnuplot_job {
    char *script;
    const char *format;
    pid_t child;
    int log;        /* what it says */
    char said[512]; /* the beginning of that */
    size_t used;
};

bool gnuplot_jobs_add(struct gnuplot_jobs *all, const char *script, struct error *e) {
    static const char *const formats[] = {"png", "svg"};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (all->count == all->capacity) {
            size_t capacity = all->capacity ? 2 * all->capacity : 16;
            struct gnuplot_job *more = realloc(all->job, capacity * sizeof *more);
            if (!more) return error_memory(e);
            all->job = more;
            all->capacity = capacity;
        }
        char *copy = text_copy(script);
        if (!copy) return error_memory(e);
        all->job[all->count++] = (struct gnuplot_job){.script = copy, .format = formats[i]};
    }
    return true;
}

void gnuplot_jobs_finish(struct gnuplot_jobs *all) {
    for (size_t i = 0; i < all->count; i++) free(all->job[i].script);
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
static _Noreturn void become_gnuplot(const struct gnuplot_job *job, const char *folder, int log) {
    char setting[64];
    int nothing = open("/dev/null", O_RDONLY);

    snprintf(setting, sizeof setting, "format='%s'", job->format);
    keep_memory();
    char *arguments[] = {(char[]){"gnuplot"}, (char[]){"-d"}, (char[]){"-e"}, setting, job->script, NULL};
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0 && chdir(folder) == 0)
        execvp(arguments[0], arguments);
    _exit(EXIT_NOT_STARTED);
}

static bool start(struct gnuplot_job *job, const char *folder, struct error *e) {
    int ends[2];

    job->child = -1;
    if (pipe(ends) == 0) {
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        fcntl(ends[1], F_SETFD, FD_CLOEXEC); /* or the next child would keep this one's end open */
        job->child = fork();
        if (job->child == 0) become_gnuplot(job, folder, ends[1]);
        close(ends[1]);
        job->log = ends[0];
        if (job->child < 0) close(ends[0]);
    }
    return job->child > 0 ||
           error_set(e, "gnuplot: %s/%s: a pipe and a child process were wanted", folder, job->script);
}

/* Keeps the beginning of what the child says, and drains the rest. False at its end. */
static bool listen_to(struct gnuplot_job *job) {
    char spill[512];
    size_t room = sizeof job->said - 1 - job->used;
    ssize_t n = read(job->log, room ? job->said + job->used : spill, room ? room : sizeof spill);

    if (n > 0 && room) job->used += (size_t)n;
    return n > 0 || (n < 0 && errno == EINTR);
}

enum outcome { DONE, FAILED, MISSING };

static enum outcome end(struct gnuplot_job *job, const char *folder, struct error *e) {
    int status;

    close(job->log);
    while (waitpid(job->child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return DONE;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_STARTED) {
        error_set(
            e,
            "%s: gnuplot cannot be started: the scripts and data are there, the pictures are not; install gnuplot "
            "(apt-get install gnuplot-nox), then write the figures again or run `gnuplot %s` in that folder",
            folder, job->script);
        return MISSING;
    }
    for (char *c = job->said; *c; c++) /* gnuplot marks the place of an error with a caret on its own line */
        if (*c == '\n' || *c == '\t') *c = ' ';
    error_set(e, "%s/%s: gnuplot failed: %s", folder, job->script, job->said);
    return FAILED;
}

/* ---- all of them ---- */

struct drawing {
    struct gnuplot_jobs *all;
    const char *folder;
    size_t left; /* jobs not begun: the first ones */
    struct gnuplot_job *running[MOST_AT_ONCE];
    size_t count;
    const struct gnuplot_job *failed; /* the first in order */
    struct error *error;
};

static void note(struct drawing *d, const struct gnuplot_job *job, const struct error *why) {
    if (d->failed && d->failed < job) return;
    d->failed = job;
    if (d->error) *d->error = *why;
}

static void begin(struct drawing *d, size_t width) {
    struct error why;

    while (d->left && d->count < width) {
        struct gnuplot_job *job = &d->all->job[--d->left];
        if (start(job, d->folder, &why)) d->running[d->count++] = job;
        else note(d, job, &why);
    }
}

/* Waits until one says something or ends. */
static void attend(struct drawing *d) {
    struct pollfd logs[MOST_AT_ONCE];
    size_t kept = 0, count = d->count;
    struct error why;

    for (size_t i = 0; i < count; i++) logs[i] = (struct pollfd){.fd = d->running[i]->log, .events = POLLIN};
    bool known = poll(logs, count, -1) >= 0; /* or each in turn is waited for */
    for (size_t i = 0; i < count; i++) {
        struct gnuplot_job *job = d->running[i];
        if ((known && !logs[i].revents) || listen_to(job)) {
            d->running[kept++] = job;
            continue;
        }
        enum outcome outcome = end(job, d->folder, &why);
        if (outcome != DONE) note(d, job, &why);
        if (outcome == MISSING) d->left = 0;
    }
    d->count = kept;
}

bool gnuplot_jobs_run(struct gnuplot_jobs *all, const char *folder, unsigned width, struct error *e) {
    struct drawing d = {.all = all, .folder = folder, .left = all->count, .error = e};
    size_t at_once = width < 1 ? 1 : width > MOST_AT_ONCE ? MOST_AT_ONCE : width;

    for (begin(&d, at_once); d.count; begin(&d, at_once)) attend(&d);
    return !d.failed;
}
