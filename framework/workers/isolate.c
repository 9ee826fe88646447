#include "workers/isolate.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 50
#define OUTPUT_LIMIT ((size_t)1 << 30)

/* What the child writes last. Without it the work never returned, whatever the exit code: a plugin may call exit(0). */
static const char came_back[] = "assay: the work returned";
enum outcome { LOST, FAILED, DONE };

struct child {
    pid_t pid;
    int fd;
    bool over, overdue; /* waited for; out of time */
    int status;
};

void isolate_write(int fd, const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(1);
        at += n;
        size -= (size_t)n;
    }
}

void isolate_enter(pid_t parent) {
    /* Signals a library or a test runner catches must kill here, or their handlers would speak for us. */
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGINT, SIGTERM, SIGALRM};
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a crash here is a finding, not a core file */
    if (getppid() != parent) _exit(1);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) signal(fatal[i], SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
}

/* Does not return. */
static void child_main(bool (*work)(void *, int), void *user, int fd, pid_t parent) {
    isolate_enter(parent);
    bool ok = work(user, fd);
    unsigned char outcome = ok ? DONE : FAILED;
    isolate_write(fd, came_back, sizeof came_back);
    isolate_write(fd, &outcome, 1);
    fflush(NULL);
    _exit(0);
}

static bool child_start(struct child *child, bool (*work)(void *, int), void *user, struct error *e) {
    int ends[2];
    if (pipe(ends) != 0) return error_set(e, "cannot make a pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fflush(NULL); /* or the child would write the parent's buffers again */
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return error_set(e, "cannot start a process: %s", strerror(errno));
    }
    if (pid == 0) {
        close(ends[0]);
        child_main(work, user, ends[1], parent);
    }
    setpgid(pid, pid); /* on both sides of the fork: whoever comes first */
    close(ends[1]);
    *child = (struct child){.pid = pid, .fd = ends[0]};
    return true;
}

/* Takes what is in the pipe; *end at end of file. */
static bool drain(const struct child *child, struct text *into, bool *end, struct error *e) {
    char buffer[1 << 14];
    for (;;) {
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
}

/* Until the child closes the pipe, dies, or runs out of time. A process the child left behind may hold the pipe open,
 * so the end of the file alone is not waited for. */
static bool child_follow(struct child *child, double seconds, struct text *into, struct error *e) {
    double deadline = clock_seconds() + seconds;
    bool end = false;
    while (!end && !child->over && !child->overdue) {
        struct pollfd wanted = {child->fd, POLLIN, 0};
        if (poll(&wanted, 1, TICK_MS) < 0 && errno != EINTR)
            return error_set(e, "cannot wait for a process: %s", strerror(errno));
        child->over = waitpid(child->pid, &child->status, WNOHANG) == child->pid;
        if (!drain(child, into, &end, e)) return false;
        child->overdue = !end && !child->over && clock_seconds() > deadline;
    }
    while (end && !child->over && !child->overdue) { /* closed the pipe: it has the rest of its time to end */
        child->over = waitpid(child->pid, &child->status, WNOHANG) == child->pid;
        child->overdue = !child->over && clock_seconds() > deadline;
        if (!child->over) nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    return true;
}

static void child_finish(struct child *child) {
    close(child->fd);
    kill(-child->pid, SIGKILL); /* and what it started */
    while (!child->over && waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR) {}
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

void isolate_ending(int status, char *text, size_t size) {
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGILL, "SIGILL"},
                 {SIGABRT, "SIGABRT"}, {SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"},
                 {SIGSYS, "SIGSYS"},   {SIGALRM, "SIGALRM"}, {SIGPIPE, "SIGPIPE"}, {SIGINT, "SIGINT"}};
    if (!WIFSIGNALED(status)) {
        snprintf(text, size, "ended the process with exit code %d", WEXITSTATUS(status));
        return;
    }
    int number = WTERMSIG(status);
    snprintf(text, size, "was killed by signal %d (%s)", number, strsignal(number));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) snprintf(text, size, "was killed by %s (%s)", names[i].name, strsignal(number));
}

static bool say_how_it_ended(const struct child *child, double seconds, struct error *e) {
    char text[160];
    if (child->overdue) return error_set(e, "did not finish within %g s", seconds);
    isolate_ending(child->status, text, sizeof text);
    return error_set(e, "%s", text);
}

bool isolate_run(bool (*work)(void *user, int fd), void *user, double seconds, char **out, size_t *size,
                 struct error *e) {
    struct child child;
    struct text output = {0};
    if (!child_start(&child, work, user, e)) return false;
    bool ok = child_follow(&child, seconds, &output, e);
    child_finish(&child);
    if (ok) {
        enum outcome outcome = outcome_of(&output);
        ok = outcome == DONE;
        if (outcome == FAILED) error_set(e, "%s", output.data);
        else if (outcome == LOST) say_how_it_ended(&child, seconds, e);
    }
    if (!ok) {
        text_finish(&output);
        return false;
    }
    *out = output.data;
    *size = output.length;
    return true;
}
