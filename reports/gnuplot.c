/* Children that draw: how each is started, listened to and ended. */
#include "reports/gnuplot.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "reports/figure_request.h"
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
#define MOST_SCRIPTS 8u  /* of one child */
#define TICK_MS 20       /* between two looks at children that keep silent */
#define TICK_CLOSED_MS 1 /* and at those that have closed their output, and are about to end */
#define FORMATS 3u

static const struct {
    unsigned bit;
    const char *name;
} formats[FORMATS] = {{FIGURE_PNG, "png"}, {FIGURE_SVG, "svg"}, {FIGURE_PDF, "pdf"}};

enum outcome { RUNNING, DONE, FAILED, LATE, MISSING };

struct gnuplot_job {
    char *name; /* of the script, without .gp */
    unsigned formats;
};

/* A child and the scripts that it draws, in their order. */
struct batch {
    const struct gnuplot_job *job;
    size_t count;
    struct child child;
    int log;        /* what it says; -1: closed */
    char said[512]; /* the beginning of that */
    size_t used;
    double deadline;
};

bool gnuplot_jobs_add(struct gnuplot_jobs *all, const char *name, unsigned wanted, struct error *e) {
    struct gnuplot_job *more = array_grow(all->job, all->count, sizeof *more);
    char *copy = more ? text_copy(name) : NULL;

    if (more) all->job = more;
    if (!copy) return error_memory(e);
    all->job[all->count++] = (struct gnuplot_job){.name = copy, .formats = wanted};
    return true;
}

bool gnuplot_jobs_have(const struct gnuplot_jobs *all, const char *name) {
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->job[i].name, name) == 0) return true;
    return false;
}

const char *gnuplot_jobs_name(const struct gnuplot_jobs *all, size_t i) {
    return all->job[i].name;
}

void gnuplot_jobs_finish(struct gnuplot_jobs *all) {
    for (size_t i = 0; i < all->count; i++) free(all->job[i].name);
    free(all->job);
    *all = (struct gnuplot_jobs){0};
}

/* ---- pictures ---- */

/* Whether the picture is there, or with `remove` no longer there. */
static bool picture(const struct gnuplot_job *job, const char *folder, size_t format, bool remove) {
    char *path = text_format("%s/%s.%s", folder, job->name, formats[format].name);
    struct stat status;
    bool there = path && stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;

    if (path && remove) unlink(path);
    free(path);
    return there;
}

/* The first format that has no picture; FORMATS: none. */
static size_t lacking(const struct gnuplot_job *job, const char *folder) {
    size_t i = 0;
    while (i < FORMATS && (!(job->formats & formats[i].bit) || picture(job, folder, i, false))) i++;
    return i;
}

static bool has_any(const struct gnuplot_job *job, const char *folder) {
    for (size_t i = 0; i < FORMATS; i++)
        if ((job->formats & formats[i].bit) && picture(job, folder, i, false)) return true;
    return false;
}

/* ---- one child ---- */

/* gnuplot takes and returns some megabytes for every map it draws, and glibc would return each of them to the system.
 * Other C libraries do not look. */
static void keep_memory(void) {
    setenv("MALLOC_MMAP_THRESHOLD_", "1000000000", 0);
    setenv("MALLOC_TRIM_THRESHOLD_", "1000000000", 0);
    setenv("MALLOC_TOP_PAD_", "33554432", 0);
}

struct order {
    const struct gnuplot_job *job;
    size_t count;
    const char *folder;
};

/* In the child: quiet, and without the user's own start-up files, which would change the figures. Texts last until it
 * becomes gnuplot. */
static void become_gnuplot(void *user, int fd) {
    const struct order *order = user;
    const char *arguments[3 + 3 * FORMATS * MOST_SCRIPTS] = {"gnuplot", "-d"};
    size_t n = 2;

    keep_memory();
    for (size_t i = 0; i < order->count * FORMATS; i++) {
        const struct gnuplot_job *job = &order->job[i / FORMATS];
        if (!(job->formats & formats[i % FORMATS].bit)) continue;
        arguments[n++] = "-e";
        arguments[n++] = text_format("reset; set output; format='%s'", formats[i % FORMATS].name);
        arguments[n++] = text_format("%s.gp", job->name);
        if (!arguments[n - 1] || !arguments[n - 2]) _exit(1);
    }
    if (dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0 && chdir(order->folder) == 0)
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(EXIT_NOT_STARTED);
}

static bool start(struct batch *batch, const char *folder, double seconds, struct error *e) {
    struct order order = {batch->job, batch->count, folder};
    const struct child_task task = {.seconds = seconds, .output = -1, .work = become_gnuplot, .user = &order};

    for (size_t i = 0; i < batch->count * FORMATS; i++) picture(&batch->job[i / FORMATS], folder, i % FORMATS, true);
    if (!child_start(&task, &batch->child, e))
        return error_prefix(e, "%s/%s.gp: gnuplot was not started", folder, batch->job->name);
    batch->log = batch->child.fd;
    batch->deadline = clock_seconds() + seconds;
    return true;
}

/* Keeps the beginning of what the child says, and drains some of the rest, without waiting. */
static void listen_to(struct batch *batch) {
    for (int reads = 0; batch->log >= 0 && reads < 64; reads++) {
        char spill[4096];
        size_t room = sizeof batch->said - 1 - batch->used;
        ssize_t n = read(batch->log, room ? batch->said + batch->used : spill, room ? room : sizeof spill);
        if (n < 0 && errno == EAGAIN) return;
        if (n > 0 && room) batch->used += (size_t)n;
        if (n > 0 || (n < 0 && errno == EINTR)) continue;
        batch->log = -1;
    }
}

/* What it means that the child ended that way; the error is that of its first script. */
static enum outcome judge_end(struct batch *batch, const char *folder, int status, struct error *e) {
    const char *name = batch->job->name;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        size_t done = 0, missing = FORMATS;
        while (done < batch->count && (missing = lacking(&batch->job[done], folder)) == FORMATS) done++;
        if (done == batch->count) return DONE;
        error_set(e, "%s/%s.%s: gnuplot reported success and wrote no picture", folder, batch->job[done].name,
                  formats[missing].name);
        return FAILED;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_STARTED) {
        error_set(e,
                  "%s: gnuplot cannot be started: the scripts and data are there, the pictures are not; install "
                  "gnuplot (apt-get install gnuplot-nox), then write the figures again or run `gnuplot %s.gp` in that "
                  "folder",
                  folder, name);
        return MISSING;
    }
    char *said = text_clean(batch->said); /* gnuplot marks the place of an error with a caret on its own line */
    size_t length = said ? strlen(said) : 0;
    while (length && said[length - 1] == ' ') length--;
    error_set(e, "%s/%s.gp: gnuplot failed: %.*s", folder, name, (int)length, said ? said : "");
    free(said);
    return FAILED;
}

struct drawing {
    const struct gnuplot_jobs *all;
    const char *folder;
    double seconds;
    size_t left, each; /* jobs not begun, the first ones; how many a child takes */
    const struct gnuplot_job **again;
    size_t again_count; /* jobs that a child of several left undone: a child for each */
    struct batch *running;
    size_t count;
    struct child_adoption adoption;
    const struct gnuplot_job *failed; /* the first in order */
    size_t failures;
    struct error why; /* of that one */
    bool missing;     /* gnuplot itself */
    bool drawn;       /* any picture */
    bool hopeless;    /* a script alone was late, and nothing was drawn: no other is tried */
};

/* The others that run go on. */
static void end_batch(struct drawing *d, struct batch *batch) {
    pid_t others[MOST_AT_ONCE];
    size_t count = 0;

    for (size_t i = 0; i < d->count; i++)
        if (&d->running[i] != batch) others[count++] = d->running[i].child.pid;
    batch->log = -1;
    child_end(&batch->child, &d->adoption, others, count);
}

/* Looks at a child without waiting for it. */
static enum outcome look_at(struct drawing *d, struct batch *batch, struct error *e) {
    listen_to(batch);
    bool over = child_is_over(&batch->child), late = !over && clock_seconds() > batch->deadline;
    if (!over && !late) return RUNNING;
    listen_to(batch);
    end_batch(d, batch);
    if (!late) return judge_end(batch, d->folder, batch->child.status, e);
    error_set(e,
              "%s/%s.gp: gnuplot took longer than %g s and was stopped; run `gnuplot %s.gp` in that folder to see why",
              d->folder, batch->job->name, d->seconds, batch->job->name);
    return LATE;
}

/* ---- all of them ---- */

static void note(struct drawing *d, const struct gnuplot_job *job, const struct error *why) {
    d->failures++;
    if (d->failed && d->failed < job) return;
    d->failed = job;
    d->why = *why;
}

/* Of a child of several scripts: what it drew is kept. The last picture may be a part of one, so that a script is done
 * only when the next one was begun. */
static void give_back(struct drawing *d, const struct batch *batch) {
    bool later = false;
    for (size_t i = batch->count; i > 0; i--) {
        const struct gnuplot_job *job = &batch->job[i - 1];
        if (!later || lacking(job, d->folder) < FORMATS) d->again[d->again_count++] = job;
        later = later || has_any(job, d->folder);
    }
}

static void begin(struct drawing *d, size_t width) {
    struct error why;

    while ((d->left || d->again_count) && d->count < width) {
        struct batch *batch = &d->running[d->count];
        *batch = (struct batch){.log = -1};
        if (d->left && (d->drawn || !d->again_count)) {
            batch->count = d->left < d->each ? d->left : d->each;
            d->left -= batch->count;
            batch->job = &d->all->job[d->left];
        } else {
            batch->count = 1;
            batch->job = d->again[--d->again_count];
        }
        if (start(batch, d->folder, d->seconds, &why)) d->count++;
        else
            for (size_t i = 0; i < batch->count; i++) note(d, &batch->job[i], &why);
    }
}

static void take_end(struct drawing *d, const struct batch *batch, enum outcome outcome, const struct error *why) {
    for (size_t i = 0; i < batch->count; i++) d->drawn = d->drawn || has_any(&batch->job[i], d->folder);
    if (outcome == DONE) return;
    if (outcome != MISSING && batch->count > 1) {
        give_back(d, batch);
        return;
    }
    note(d, batch->job, why);
    d->missing = d->missing || outcome == MISSING;
    d->hopeless = d->hopeless || (outcome == LATE && !d->drawn);
    if (d->missing || d->hopeless) d->left = d->again_count = 0;
}

/* Waits until one says something, or a little while, and looks at all. */
static void attend(struct drawing *d) {
    struct pollfd logs[MOST_AT_ONCE];
    size_t kept = 0, count = d->count;
    enum outcome outcomes[MOST_AT_ONCE];
    bool closed = false;

    for (size_t i = 0; i < count; i++) {
        logs[i] = (struct pollfd){.fd = d->running[i].log, .events = POLLIN}; /* -1 is passed over */
        closed = closed || logs[i].fd < 0;
    }
    poll(logs, count, closed ? TICK_CLOSED_MS : TICK_MS);
    for (size_t i = 0; i < count; i++) {
        struct error why;
        outcomes[i] = look_at(d, &d->running[i], &why);
        if (outcomes[i] != RUNNING) take_end(d, &d->running[i], outcomes[i], &why);
    }
    for (size_t i = 0; i < count; i++)
        if (outcomes[i] == RUNNING) d->running[kept++] = d->running[i];
    d->count = kept;
}

/* The program was told to end. */
static bool stop(struct drawing *d, struct error *e) {
    for (; d->count; d->count--) end_batch(d, &d->running[d->count - 1]);
    return error_set(e, "%s: was interrupted by %s before all pictures were drawn", d->folder,
                     strsignal(interrupt_signal()));
}

static bool draw_all(struct drawing *d, size_t at_once, struct error *e) {
    child_adopt(&d->adoption);
    for (begin(d, at_once); d->count && !interrupt_signal(); begin(d, at_once)) attend(d);
    if (interrupt_signal() && (d->count || d->left || d->again_count)) return stop(d, e);
    if (!d->failed) return true;
    if (d->hopeless) return error_set(e, "%s (no figure was drawn, and the others were not tried)", d->why.text);
    if (d->failures < 2 || d->missing) return error_set(e, "%s", d->why.text);
    return error_set(e, "%s (%zu figures failed; this is the first)", d->why.text, d->failures);
}

bool gnuplot_jobs_run(struct gnuplot_jobs *all, const char *folder, unsigned width, double seconds, struct error *e) {
    struct drawing d = {.all = all, .folder = folder, .seconds = seconds, .left = all->count};
    const size_t at_once = width < 1 ? 1 : width > MOST_AT_ONCE ? MOST_AT_ONCE : width;
    const size_t share = (all->count + 2 * at_once - 1) / (2 * at_once); /* two rounds: none waits long for the last */

    d.each = share < MOST_SCRIPTS ? share : MOST_SCRIPTS;
    d.again = calloc(all->count + 1, sizeof *d.again);
    d.running = calloc(at_once, sizeof *d.running);
    bool ok = d.again && d.running ? draw_all(&d, at_once, e) : error_memory(e);
    free(d.again);
    free(d.running);
    return ok;
}
