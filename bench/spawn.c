/* spawn.c: wall and CPU time and peak memory of a command with all its children. Memory is what the processes alive at
 * one time have resident, pages that they share counted once (Pss of /proc); at least the peak that the kernel kept of
 * the largest of them, which is all there is to say of a single process. */
#include "base/clock.h"
#include "bench.h"

#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL .05 /* seconds between two looks, */
#define SHARE 20     /* longer where looking takes more than this part of the time */
#define MOST_PROCESSES 4096

static long parent_of(long pid) {
    char path[64], text[512], *after;
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *in = fopen(path, "r");
    if (!in) return 0;
    size_t n = fread(text, 1, sizeof text - 1, in);
    text[n] = 0;
    after = strrchr(text, ')');
    if (!after || sscanf(after, ") %*c %ld", &parent) != 1) parent = 0;
    fclose(in);
    return parent;
}

static long resident_kib(long pid) {
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "Pss: %ld kB", &kib) == 1) break;
    if (in) fclose(in);
    return kib;
}

/* Of `root` and its descendants; 0 when there are none. */
static long family_kib(long root) {
    static long pid[MOST_PROCESSES], parent[MOST_PROCESSES];
    static bool in[MOST_PROCESSES];
    size_t n = 0, family = 0;
    long sum = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && n < MOST_PROCESSES && (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        pid[n] = strtol(entry->d_name, NULL, 10);
        parent[n] = parent_of(pid[n]);
        in[n] = pid[n] == root;
        n++;
    }
    if (proc) closedir(proc);
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n && !in[i]; k++) more |= in[i] = in[k] && parent[i] == pid[k];
    }
    for (size_t i = 0; i < n; i++) family += in[i];
    for (size_t i = 0; i < n && family > 1; i++) sum += in[i] ? resident_kib(pid[i]) : 0;
    return sum;
}

static pid_t start(char **command, const sigset_t *end_of_child) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    sigprocmask(SIG_UNBLOCK, end_of_child, NULL);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

/* That long, or until a child ends. */
static void rest(double seconds, const sigset_t *end_of_child) {
    const struct timespec time = {(time_t)seconds, (long)(1e9 * fmod(seconds, 1))};
    sigtimedwait(end_of_child, NULL, &time);
}

int bench_spawn(int argc, char **argv) {
    struct rusage usage;
    sigset_t end_of_child;
    long most = 0;
    int status;
    if (argc < 3) return 2;
    sigemptyset(&end_of_child);
    sigaddset(&end_of_child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &end_of_child, NULL);
    double begin = clock_seconds();
    pid_t child = start(argv + 2, &end_of_child), ended;
    if (child < 0) return 1;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        double look = bench_now().cpu;
        long now = family_kib(child);
        most = now > most ? now : most;
        look = bench_now().cpu - look;
        rest(fmax(INTERVAL, SHARE * look), &end_of_child);
    }
    double wall = clock_seconds() - begin;
    getrusage(RUSAGE_CHILDREN, &usage);
    most = usage.ru_maxrss > most ? usage.ru_maxrss : most;
    /* `assay run` has done its work when it says 0, 1 or 4: that verdicts were not as expected, or inconclusive. */
    int code = ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
    if (code > 1 && code != 4) return 1;
    printf("%s\t%s\t%.6g\t%.6g\t%ld\t-\n", argv[0], argv[1], wall * 1e3, bench_cpu_seconds(&usage) * 1e3, most / 1024);
    return 0;
}
