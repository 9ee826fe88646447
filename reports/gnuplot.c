/* Children that draw: how each is started, listened to and ended. */
#include "reports/gnuplot.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "workers/child.h"
#include "workers/interrupt.h"

#include <errno.h>
#include <poll.h>
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

#define FORMATS 2u
static const char *const formats[FORMATS] = {"png", "svg"};

struct gnuplot_job {
    char *name; /* of the script, without .gp */
    struct child child;
    int log;        /* what it says; -1: closed */
    char said[512]; /* the beginning of that */
    size_t used;
    double deadline;
};

bool gnuplot_jobs_add(struct gnuplot_jobs *all, const char *name, struct error *e) {
    struct gnuplot_job *more = array_grow(all->job, all->count, sizeof *more);
    char *copy = more ? text_copy(name) : NULL;

    if (more) all->job = more;
    if (!copy) return error_memory(e);
    all->job[all->count++] = (struct gnuplot_job){.name = copy, .log = -1};
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

/* ---- one script ---- */

/* gnuplot takes and returns some megabytes for every map it draws, and glibc would return each of them to the system.
 * Other C libraries do not look. */
static void keep_memory(void) {
    setenv("MALLOC_MMAP_THRESHOLD_", "1000000000", 0);
    setenv("MALLOC_TRIM_THRESHOLD_", "1000000000", 0);
    setenv("MALLOC_TOP_PAD_", "33554432", 0);
}

struct order {
    const char *script, *folder;
};

/* In the child: quiet, and without the user's own start-up files, which would change the figures. One gnuplot draws
 * both formats, as it takes longer to start than to draw most figures. In between all is as after its start. */
static void become_gnuplot(void *user, int fd) {
    const struct order *order = user;
    char setting[FORMATS][64];

    for (size_t i = 0; i < FORMATS; i++) snprintf(setting[i], sizeof setting[i], "format='%s'", formats[i]);
    keep_memory();
    const char *const arguments[] = {"gnuplot",       "-d", "-e",       setting[0],    order->script, "-e",
                                     "reset session", "-e", setting[1], order->script, NULL};
    if (dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0 && chdir(order->folder) == 0)
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(EXIT_NOT_STARTED);
}

static char *picture_path(const struct gnuplot_job *job, const char *folder, size_t format) {
    return text_format("%s/%s.%s", folder, job->name, formats[format]);
}

static bool start(struct gnuplot_job *job, const char *folder, double seconds, struct error *e) {
    char *script = text_format("%s.gp", job->name);
    struct order order = {script, folder};
    const struct child_task task = {.seconds = seconds, .output = -1, .work = become_gnuplot, .user = &order};

    bool ok = script || error_memory(e);
    for (size_t i = 0; i < FORMATS && ok; i++) {
        char *picture = picture_path(job, folder, i);
        ok = picture || error_memory(e);
        if (ok) unlink(picture);
        free(picture);
    }
    ok = ok && (child_start(&task, &job->child, e) ||
                error_prefix(e, "%s/%s.gp: gnuplot was not started", folder, job->name));
    if (ok) {
        job->log = job->child.fd;
        job->deadline = clock_seconds() + seconds;
    }
    free(script);
    return ok;
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
        job->log = -1;
    }
}

static bool picture_is_there(const struct gnuplot_job *job, const char *folder, size_t format) {
    char *path = picture_path(job, folder, format);
    struct stat status;
    bool there = path && stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;

    free(path);
    return there;
}

/* What it means that the child ended that way. */
static enum outcome judge_end(struct gnuplot_job *job, const char *folder, int status, struct error *e) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        size_t format = 0;
        while (format < FORMATS && picture_is_there(job, folder, format)) format++;
        if (format == FORMATS) return DONE;
        error_set(e, "%s/%s.%s: gnuplot reported success and wrote no picture", folder, job->name, formats[format]);
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

struct drawing {
    struct gnuplot_jobs *all;
    const char *folder;
    double seconds;
    size_t left; /* jobs not begun: the first ones */
    struct gnuplot_job *running[MOST_AT_ONCE];
    size_t count;
    struct child_adoption adoption;
    const struct gnuplot_job *failed; /* the first in order */
    size_t failures;                  /* pictures that are not there */
    struct error why;                 /* of that one */
    bool missing;                     /* gnuplot itself */
};

/* The others that run go on. */
static void end_job(struct drawing *d, struct gnuplot_job *job) {
    pid_t others[MOST_AT_ONCE];
    size_t count = 0;

    for (size_t i = 0; i < d->count; i++)
        if (d->running[i] != job) others[count++] = d->running[i]->child.pid;
    job->log = -1;
    child_end(&job->child, &d->adoption, others, count);
}

/* Looks at a child without waiting for it. */
static enum outcome look_at(struct drawing *d, struct gnuplot_job *job, struct error *e) {
    listen_to(job);
    bool over = child_is_over(&job->child), late = !over && clock_seconds() > job->deadline;
    if (!over && !late) return RUNNING;
    listen_to(job);
    end_job(d, job);
    if (!late) return judge_end(job, d->folder, job->child.status, e);
    error_set(e,
              "%s/%s.gp: gnuplot took longer than %g s and was stopped; run `gnuplot %s.gp` in that folder to see why",
              d->folder, job->name, d->seconds, job->name);
    return FAILED;
}

/* ---- all of them ---- */

static void note(struct drawing *d, const struct gnuplot_job *job, const struct error *why) {
    for (size_t format = 0; format < FORMATS; format++) d->failures += !picture_is_there(job, d->folder, format);
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
        enum outcome outcome = look_at(d, job, &why);
        if (outcome == RUNNING) d->running[kept++] = job;
        else if (outcome != DONE) note(d, job, &why);
        if (outcome != MISSING) continue;
        d->missing = true;
        d->left = 0;
    }
    d->count = kept;
}

/* The program was told to end. */
static bool stop(struct drawing *d, struct error *e) {
    for (; d->count; d->count--) end_job(d, d->running[d->count - 1]);
    return error_set(e, "%s: was interrupted by %s before all pictures were drawn", d->folder,
                     strsignal(interrupt_signal()));
}

bool gnuplot_jobs_run(struct gnuplot_jobs *all, const char *folder, unsigned width, double seconds, struct error *e) {
    struct drawing d = {.all = all, .folder = folder, .seconds = seconds, .left = all->count};
    size_t at_once = width < 1 ? 1 : width > MOST_AT_ONCE ? MOST_AT_ONCE : width;

    child_adopt(&d.adoption);
    for (begin(&d, at_once); d.count && !interrupt_signal(); begin(&d, at_once)) attend(&d);
    if (interrupt_signal() && (d.count || d.left)) return stop(&d, e);
    if (!d.failed) return true;
    if (d.failures < 2 || d.missing) return error_set(e, "%s", d.why.text);
    return error_set(e, "%s (%zu pictures failed; this is the first)", d.why.text, d.failures);
}
