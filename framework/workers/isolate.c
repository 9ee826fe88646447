/* isolate.c: one piece of work in one child, followed until it ends, is late, or says too much. What it prints goes to
 * standard error, harmless: standard output may be a document that other programs read. */
#include "workers/isolate.h"

#include "base/clock.h"
#include "base/text.h"
#include "workers/child.h"
#include "workers/interrupt.h"
#include "workers/printed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS 50
#define OUTPUT_LIMIT ((size_t)1 << 30)

/* What the child writes last. Without it the work never returned, whatever the exit code: a plugin may call exit(0). */
static const char came_back[] = "assay: the work returned";
enum outcome { LOST, FAILED, DONE };

struct isolated {
    bool (*work)(void *user, int fd);
    void *user;
};

void isolate_write(int fd, const void *data, size_t size) {
    child_write(fd, data, size);
}

static void work_and_say(void *user, int fd) {
    const struct isolated *isolated = user;
    unsigned char outcome = isolated->work(isolated->user, fd) ? DONE : FAILED;
    child_write(fd, came_back, sizeof came_back);
    child_write(fd, &outcome, 1);
}

/* Takes what is in the pipe; *end at end of file. */
static bool drain(const struct child *child, struct text *into, bool *end, struct error *e) {
    char buffer[1 << 14];
    for (int i = 0; i < 256; i++) { /* whoever writes for ever does not keep the parent here */
        ssize_t n = read(child->fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            *end = n == 0;
            return true;
        }
        text_append(into, buffer, (size_t)n);
        if (into->failed) return error_memory(e);
        if (into->length > OUTPUT_LIMIT) return error_set(e, "wrote more than %zu bytes", OUTPUT_LIMIT);
    }
    return true;
}

/* Until the child closes the pipe, dies, or runs out of time. A process the child left behind may hold the pipe open,
 * so the end of the file alone is not waited for. */
static bool follow(struct child *child, struct printed *printed, double seconds, struct text *into, bool *overdue,
                   struct error *e) {
    double deadline = clock_seconds() + seconds;
    bool end = false;
    while (!end && !child->over && !*overdue) {
        struct pollfd wanted[] = {{child->fd, POLLIN, 0}, {printed->read, POLLIN, 0}};
        if (poll(wanted, 2, TICK_MS) < 0 && errno != EINTR)
            return error_set(e, "cannot wait for a process: %s", strerror(errno));
        if (interrupt_signal()) return error_set(e, "was interrupted");
        child_is_over(child);
        if (!printed_take(printed)) printed_close(printed);
        if (!drain(child, into, &end, e)) return false;
        *overdue = !end && !child->over && clock_seconds() > deadline;
    }
    /* It closed the pipe: it has the rest of its time to end. */
    if (end && !child->over) *overdue = !child_wait(child, deadline - clock_seconds());
    return true;
}

/* Cuts the trailer off. */
static enum outcome outcome_of(struct text *output) {
    size_t trailer = sizeof came_back + 1;
    if (output->length < trailer || memcmp(output->data + output->length - trailer, came_back, sizeof came_back) != 0)
        return LOST;
    enum outcome outcome = output->data[output->length - 1] == DONE ? DONE : FAILED;
    output->length -= trailer;
    output->data[output->length] = 0;
    return outcome;
}

static bool say_how_it_ended(const struct child *child, bool overdue, double seconds, struct error *e) {
    char text[160];
    if (overdue) return error_set(e, "did not finish within %g s", seconds);
    child_ending(child->status, text, sizeof text);
    return error_set(e, "%s", text);
}

/* *outside: it was killed by somebody else, as when memory ran out. */
static bool run_once(bool (*work)(void *user, int fd), void *user, bool foreign, double seconds, char **out,
                     size_t *size, bool *outside, struct error *e) {
    struct isolated isolated = {work, user};
    struct child_task task = {.foreign = foreign, .seconds = seconds, .work = work_and_say, .user = &isolated};
    struct printed printed;
    struct child_adoption adoption;
    struct child child;
    struct text output = {0};
    bool overdue = false;
    child_adopt(&adoption);
    if (!printed_open(&printed, STDERR_FILENO, foreign ? PRINTED_PLUGIN : PRINTED_PROGRAM, &task.output, e))
        return false;
    bool ok = child_start(&task, &child, e);
    close(task.output);
    if (!ok) {
        printed_close(&printed);
        return false;
    }
    ok = follow(&child, &printed, seconds, &output, &overdue, e);
    child_end(&child, &adoption, NULL, 0);
    printed_close(&printed);
    if (!foreign) scratch_folder_sweep(); /* of a program that it had started, where it was late */
    if (ok) {
        enum outcome outcome = outcome_of(&output);
        ok = outcome == DONE;
        if (outcome == FAILED) error_set(e, "%s", output.data);
        else if (outcome == LOST) say_how_it_ended(&child, overdue, seconds, e);
        *outside = outcome == LOST && !overdue && WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGKILL;
    }
    if (!ok) {
        text_finish(&output);
        return false;
    }
    *out = output.data;
    *size = output.length;
    return true;
}

static bool run(bool (*work)(void *user, int fd), void *user, bool foreign, double seconds, char **out, size_t *size,
                struct error *e) {
    bool outside = false, again = false;
    bool ok = run_once(work, user, foreign, seconds, out, size, &outside, e);
    return ok || !outside ? ok : run_once(work, user, foreign, seconds, out, size, &again, e);
}

bool isolate_run(bool (*work)(void *user, int fd), void *user, double seconds, char **out, size_t *size,
                 struct error *e) {
    return run(work, user, true, seconds, out, size, e);
}

bool isolate_run_own(bool (*work)(void *user, int fd), void *user, double seconds, char **out, size_t *size,
                     struct error *e) {
    return run(work, user, false, seconds, out, size, e);
}
