/* child.c: what a fresh child does first, and how the parent finds and ends all that a child started. */
#define _GNU_SOURCE /* syscall(), setsid */
#include "workers/child.h"

#include "base/clock.h"
#include "base/file.h"
#include "workers/interrupt.h"
#include "workers/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIPE 3 /* the child's end */
#ifdef __SANITIZE_ADDRESS__
#define MAPS_TERABYTES true
#else
#define MAPS_TERABYTES false
#endif

/* ---- In the child ---- */

void child_write(int fd, const void *data, size_t size) {
    if (!file_write_all(fd, data, size)) _exit(1); /* the parent is gone: nobody is left to tell */
}

/* Signals a library or a test runner catches must kill here, or their handlers would speak for us. */
static void reset_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_from(int first) {
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) == 0) return;
    long most = sysconf(_SC_OPEN_MAX);
    for (long fd = first; fd < (most > 0 && most < 65536 ? most : 65536); fd++) close((int)fd);
}

/* Where no number that is given out below lies. */
static int lift(int fd) {
    return fcntl(fd, F_DUPFD, 16);
}

static void keep_descriptors(const struct child_task *task, int fd) {
    int null = open("/dev/null", O_RDWR), pipe = lift(fd), kept[2] = {0, 0}, next = PIPE + 1;
    for (int i = 0; i < 2; i++)
        if (task->kept[i]) kept[i] = lift(task->kept[i]);
    if (task->output >= 0) {
        dup2(task->output, STDOUT_FILENO);
        dup2(task->output, STDERR_FILENO);
    }
    if (task->output < 0 && task->foreign) dup2(STDERR_FILENO, STDOUT_FILENO);
    if (null >= 0) dup2(null, STDIN_FILENO);
    dup2(pipe, PIPE);
    fcntl(PIPE, F_SETFD, FD_CLOEXEC); /* not for programs that a plugin starts */
    for (int i = 0; i < 2; i++)
        if (kept[i] > 0) dup2(kept[i], next++);
    close_from(next);
}

static void limit(int resource, double most) {
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) != 0) return;
    rlim_t wanted = most < 1e18 ? (rlim_t)most : RLIM_INFINITY;
    if (now.rlim_max != RLIM_INFINITY && wanted > now.rlim_max) wanted = now.rlim_max;
    setrlimit((__rlimit_resource_t)resource, &(struct rlimit){wanted, wanted});
}

/* The first numbers of a file of /proc, as its manual page has them; 0 where there is none. */
static double number_in(const char *path, const char *format) {
    double number = 0;
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, format, &number) != 1) number = 0;
    if (f) fclose(f);
    return number;
}

#define ADDRESS_SPACE 2147483648.0

static void limit_foreign(double seconds, double address) {
    const double mapped = number_in("/proc/self/statm", "%lf") * (double)sysconf(_SC_PAGESIZE);
    const double tasks = number_in("/proc/loadavg", "%*f %*f %*f %*d/%lf");
    double cpu = ceil(seconds * (double)sysconf(_SC_NPROCESSORS_ONLN)) + 5;
    if (!sandbox_state().off && !MAPS_TERABYTES)
        limit(RLIMIT_AS, 2.0 * mapped + (address > 0 ? address : ADDRESS_SPACE));
    limit(RLIMIT_FSIZE, 256.0 * 1048576.0);
    limit(RLIMIT_NOFILE, 256);
    limit(RLIMIT_MSGQUEUE, 0);
    if (tasks > 0) limit(RLIMIT_NPROC, tasks + 1024);
    /* SIGXCPU, which says what it is, comes a second before SIGKILL. */
    if (cpu < 1e9) setrlimit(RLIMIT_CPU, &(struct rlimit){(rlim_t)cpu, (rlim_t)cpu + 1});
}

static void refuse(const struct error *e) {
    fprintf(stderr, "assay: a child process could not be made ready: %s\n", e->text);
    fflush(NULL);
    _exit(125);
}

static void child_main(const struct child_task *task, const char *scratch, int fd, pid_t parent) {
    struct error e = {{0}};
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    reset_signals();
    if (task->name) prctl(PR_SET_NAME, task->name, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a crash here is a finding, not a core file */
    if (task->prepare && !task->prepare(task->user, &e)) refuse(&e);
    keep_descriptors(task, fd);
    if (task->foreign) {
        if (scratch) setenv("TMPDIR", scratch, 1);
        limit_foreign(task->seconds, task->address);
        if (!sandbox_enter(scratch, &e)) refuse(&e);
    }
    task->work(task->user, PIPE);
    fflush(NULL); /* what a plugin printed; _exit() does not */
    _exit(0);
}

/* ---- In the parent: starting ---- */

/* What an errno of pipe() or fork() asks of the user. */
static const char *remedy(int error) {
    if (error == EMFILE) return ": raise the limit on open files (ulimit -n)";
    if (error == EAGAIN) return ": raise the limit on processes (ulimit -u), or choose a smaller -j";
    return error == ENOMEM ? ": choose a smaller -j" : "";
}

bool child_start(const struct child_task *task, struct child *child, struct error *e) {
    int ends[2];
    if (pipe(ends) != 0) return error_set(e, "cannot make a pipe: %s%s", strerror(errno), remedy(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    struct scratch_folder scratch = task->foreign ? scratch_folder_create() : (struct scratch_folder){NULL, -1};
    fflush(NULL); /* or the child would write the parent's buffers again */
    pid_t parent = getpid(), pid = fork();
    int why = errno;
    if (pid == 0) child_main(task, scratch.path, ends[1], parent);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        scratch_folder_remove(&scratch);
        return error_set(e, "cannot start a process: %s%s", strerror(why), remedy(why));
    }
    *child = (struct child){.pid = pid, .fd = ends[0], .scratch = scratch};
    return true;
}

/* ---- In the parent: ending ---- */

bool child_is_over(struct child *child) {
    if (!child->over) child->over = waitpid(child->pid, &child->status, WNOHANG) == child->pid;
    return child->over;
}

bool child_wait(struct child *child, double seconds) {
    double end = clock_seconds() + seconds;
    while (!child_is_over(child) && clock_seconds() < end && !interrupt_signal())
        nanosleep(&(struct timespec){0, 200000}, NULL);
    return child->over;
}

/* Fills pids with the children of this process; 0 where the kernel does not tell. */
static size_t list_children(pid_t *pids, size_t most) {
    char path[64];
    size_t count = 0;
    long pid;
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", syscall(SYS_gettid));
    FILE *f = fopen(path, "r");
    while (f && count < most && fscanf(f, "%ld", &pid) == 1) pids[count++] = (pid_t)pid;
    if (f) fclose(f);
    return count;
}

void child_adopt(struct child_adoption *a) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    sandbox_hide();
    a->count = list_children(a->before, sizeof a->before / sizeof *a->before);
}

static bool is_one_of(pid_t pid, const pid_t *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (list[i] == pid) return true;
    return false;
}

static void reap(pid_t which) {
    while (waitpid(which, NULL, 0) > 0 || errno == EINTR) {}
}

/* Those that left the group, which only a child without a sandbox can. Killing one may bring its children here. */
static void end_strays(const struct child_adoption *a, const pid_t *others, size_t count) {
    /* With more children than that nobody knows whose they are. */
    for (int pass = 0; pass < 1000 && a->count < sizeof a->before / sizeof *a->before; pass++) {
        pid_t pids[256];
        size_t n = list_children(pids, sizeof pids / sizeof *pids), strays = 0;
        for (size_t i = 0; i < n; i++) {
            if (is_one_of(pids[i], a->before, a->count) || is_one_of(pids[i], others, count) ||
                is_one_of(getpgid(pids[i]), others, count))
                continue;
            kill(pids[i], SIGKILL);
            reap(pids[i]);
            strays++;
        }
        if (!strays) return;
    }
}

void child_end(struct child *child, const struct child_adoption *a, const pid_t *others, size_t count) {
    /* A child that has not come as far as its group alone. */
    kill(-child->pid, SIGKILL);
    if (!child->over) kill(child->pid, SIGKILL);
    while (!child->over) {
        child->over = waitpid(child->pid, &child->status, 0) == child->pid;
        if (!child->over && errno != EINTR) break;
    }
    reap(-child->pid);
    if (a) end_strays(a, others, count);
    close(child->fd);
    scratch_folder_remove(&child->scratch);
}

void child_ending(int status, char *text, size_t size) {
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGILL, "SIGILL"},
                 {SIGABRT, "SIGABRT"}, {SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"},
                 {SIGSYS, "SIGSYS"},   {SIGALRM, "SIGALRM"}, {SIGPIPE, "SIGPIPE"}, {SIGINT, "SIGINT"},
                 {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}};
    if (!WIFSIGNALED(status)) {
        snprintf(text, size, "ended the process with exit code %d", WEXITSTATUS(status));
        return;
    }
    int number = WTERMSIG(status);
    snprintf(text, size, "was killed by signal %d (%s)", number, strsignal(number));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) snprintf(text, size, "was killed by %s (%s)", names[i].name, strsignal(number));
}
