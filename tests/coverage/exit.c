/* exit.c: linked into the coverage build in place of _exit and kill (ld --wrap), so that worker processes count, too:
 * they end by _exit, which writes no counters, and are killed as soon as they have said that they are done. */
#include <errno.h>
#include <signal.h>
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
