/* exit.c: linked into the coverage build in place of _exit, kill and syscall (ld --wrap), so that worker processes
 * count, too: they end by _exit, which writes no counters, are killed as soon as they have said that they are done, and
 * may write nowhere but in a scratch folder. */
#define _GNU_SOURCE /* O_PATH */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 400 /* for a child that is about to be killed */

void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
int __real_kill(pid_t pid, int number);
void __wrap__exit(int status) __attribute__((noreturn));
int __wrap_kill(pid_t pid, int number);

void __wrap__exit(int status) {
    __gcov_dump();
    __real__exit(status);
}

static int is_running_child(pid_t pid) {
    siginfo_t ended = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0;
}

int __wrap_kill(pid_t pid, int number) {
    pid_t child = pid < -1 ? -pid : pid;
    for (int ms = 0; number == SIGKILL && child > 1 && ms < PATIENCE_MS && is_running_child(child); ms += 5)
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    return __real_kill(pid, number);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* The folder of the counters joins what Landlock lets a worker write. */
static void allow_counters(int ruleset) {
    const uint64_t truncate = 1ULL << 14; /* Landlock's third version; the header may not know it */
    const char *folder = getenv("ASSAY_COVERAGE");
    struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE |
                                                                LANDLOCK_ACCESS_FS_MAKE_REG | truncate};
    if (!folder || (rule.parent_fd = open(folder, O_PATH | O_CLOEXEC)) < 0) return;
    if (__real_syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        rule.allowed_access &= ~truncate;
        __real_syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(rule.parent_fd);
}

long __wrap_syscall(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_landlock_restrict_self) allow_counters((int)a[0]);
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
